# What `cmake --install` puts where: each program is a component of its own, so that an image gets
# only its own.
include(GNUInstallDirs)

install(TARGETS seaworthy RUNTIME COMPONENT cli)
install(TARGETS seaworthy-broker seaworthy-fsck RUNTIME COMPONENT broker)
install(TARGETS seaworthy-worker seaworthy-leader RUNTIME COMPONENT worker)
install(TARGETS seaworthy-watcher RUNTIME COMPONENT watcher)
install(TARGETS seaworthy-reporter RUNTIME COMPONENT reporter)
