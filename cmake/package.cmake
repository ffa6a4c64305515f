# The Debian package: what `cmake --install` puts there, and what only a machine with systemd and man wants.
# script/package builds it. Dependencies on libraries are found by dpkg-shlibdeps.
set(DEBIAN ${PROJECT_SOURCE_DIR}/deploy/debian)
set(FOR_PACKAGE ${PROJECT_BINARY_DIR}/package)
set(PROGRAMS seaworthy seaworthy-broker seaworthy-fsck seaworthy-worker seaworthy-leader seaworthy-watcher
             seaworthy-reporter)
set(DOCUMENTATION ${CMAKE_INSTALL_DATADIR}/doc/seaworthy)

add_custom_command(
  OUTPUT ${FOR_PACKAGE}/pages
  COMMAND ${DEBIAN}/man-pages ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} ${FOR_PACKAGE}/pages ${PROJECT_VERSION}
  DEPENDS ${PROGRAMS} ${DEBIAN}/man-pages
  VERBATIM)
add_custom_command(
  OUTPUT ${FOR_PACKAGE}/changelog.gz
  COMMAND ${DEBIAN}/changelog ${PROJECT_VERSION} ${FOR_PACKAGE}/changelog.gz
  DEPENDS ${DEBIAN}/changelog
  VERBATIM)
add_custom_target(for_package ALL DEPENDS ${FOR_PACKAGE}/pages ${FOR_PACKAGE}/changelog.gz)

install(DIRECTORY ${FOR_PACKAGE}/pages/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES deploy/bash-completion/seaworthy DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES README.md docs/deploy.md docs/security.md docs/workers.md docs/reporter.md docs/notifications.md
              docs/command-line.md docs/test-reports.md
              ${FOR_PACKAGE}/changelog.gz DESTINATION ${DOCUMENTATION})
install(FILES LICENSE DESTINATION ${DOCUMENTATION} RENAME copyright)
install(FILES deploy/debian/default DESTINATION /etc/default RENAME seaworthy)
# Debian 12's /lib is a link to it, but its tools do not know yet.
set(UNITS /usr/lib/systemd/system)
file(STRINGS /etc/os-release RELEASE REGEX "^VERSION_ID=\"?12")
if(RELEASE)
  set(UNITS /lib/systemd/system)
endif()
install(FILES deploy/systemd/seaworthy-broker.service deploy/systemd/seaworthy-watcher.service
              deploy/systemd/seaworthy-worker@.service deploy/systemd/seaworthy-reporter.service
        DESTINATION ${UNITS})
# Each program is completed by the same file, which is found by the program's name.
file(MAKE_DIRECTORY ${FOR_PACKAGE}/completions)
foreach(program seaworthy-broker seaworthy-fsck seaworthy-worker seaworthy-watcher seaworthy-reporter)
  file(CREATE_LINK seaworthy ${FOR_PACKAGE}/completions/${program} SYMBOLIC)
  install(FILES ${FOR_PACKAGE}/completions/${program}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_MONOLITHIC_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
                                                GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_NAME seaworthy)
set(CPACK_PACKAGE_CONTACT "The Seaworthy authors <seaworthy@localhost>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, git")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, openssh-client")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "continuous integration on your own machines
Watches git repositories, hands each new commit to a worker that runs its
tests, and keeps the verdict: exactly one for each commit, whatever process
or machine dies on the way.

This package has all parts: the broker, the watcher, the worker, the
reporter and the command line. Installing it starts none of them.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${DEBIAN}/postinst ${DEBIAN}/prerm ${DEBIAN}/postrm ${DEBIAN}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
