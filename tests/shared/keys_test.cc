#include "shared/io/keys.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "shared/io/authorized.h"
#include "shared/io/file.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace seaworthy;
using namespace seaworthy::io;

namespace {

Key a_key() {
  return {Role::Worker,
          "anna",
          public_key_of(make_secret_key()),
          make_secret_key(),
          {"tcp://a:1", "tcp://[::1]:2"}};
}

}  // namespace

TEST_CASE("a key is the same after it was written on a line") {
  const Key key = a_key();
  const auto read = parse_key("  " + line_of(key) + "\r\n");
  REQUIRE(read);
  CHECK(read->role == key.role);
  CHECK(read->name == key.name);
  CHECK(read->server == key.server);
  CHECK(read->secret == key.secret);
  CHECK(read->endpoints == key.endpoints);
}

TEST_CASE("two keys that are made are two") {
  CHECK(public_key_of(make_secret_key()) != public_key_of(make_secret_key()));
  const SecretKey secret = make_secret_key();
  CHECK(public_key_of(secret) == public_key_of(secret));
}

TEST_CASE("a line that is no key is refused, and never repeated in the error") {
  const std::string line = line_of(a_key());
  const std::string secret = line.substr(line.rfind(':', line.find('@')) + 1, 64);
  for (const std::string& wrong :
       {std::string(), std::string("sw1"), line.substr(0, 60), "sw2" + line.substr(3), "x" + line,
        line_of_broker(make_secret_key()), "sw1:pirate:" + line.substr(11),
        line.substr(0, line.find('@') - 1), line.substr(0, 11) + "a b" + line.substr(15)}) {
    const auto read = parse_key(wrong);
    CAPTURE(wrong);
    REQUIRE_FALSE(read);
    CHECK(read.error().find(secret) == std::string::npos);
  }
}

TEST_CASE("a key's file is its owner's alone, or not read") {
  Folder folder;
  const auto file = folder.path() / "deep" / "anna.key";
  REQUIRE(write_secret_file(file, line_of(a_key()) + "\n"));
  struct stat about {};
  REQUIRE(stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(read_key(file));
  for (mode_t mode : {0640u, 0604u, 0620u, 0602u}) {
    REQUIRE(chmod(file.c_str(), mode) == 0);
    CHECK_FALSE(read_key(file));
  }
  CHECK_FALSE(read_key(folder.path() / "nowhere"));
  CHECK_FALSE(read_key(folder.path()));
}

TEST_CASE("the list of who is let in is read as it was written, and keeps people's comments") {
  Folder folder;
  const std::vector<AuthorizedKey> keys{
      {Role::Worker, "anna", public_key_of(make_secret_key()), "invited today"},
      {Role::Admin, "otto", public_key_of(make_secret_key()), ""}};
  auto set = [&](std::vector<AuthorizedKey> now) {
    return change_authorized(folder.path(), [&](std::vector<AuthorizedKey>& there) {
      there = std::move(now);
      return Result<bool>(true);
    });
  };
  REQUIRE(set(keys));
  CHECK(read_authorized(folder.path()).value() == keys);
  std::ofstream(authorized_file(folder.path()), std::ios::app) << "# the one in the cellar";
  REQUIRE(set({keys[1]}));
  CHECK(read_authorized(folder.path()).value() == std::vector{keys[1]});
  std::stringstream text;
  text << std::ifstream(authorized_file(folder.path())).rdbuf();
  CHECK(text.str().starts_with("# Who is let in"));
  CHECK(text.str().ends_with("# the one in the cellar\n"));
}

TEST_CASE("a list that cannot be read, or that others may write, is no list of nobody") {
  Folder folder;
  const auto list = authorized_file(folder.path());
  auto leave = [](std::vector<AuthorizedKey>&) { return Result<bool>(false); };
  CHECK_FALSE(read_authorized(folder.path()));
  CHECK(change_authorized(folder.path(), leave));
  REQUIRE(std::filesystem::create_directory(list));
  CHECK_FALSE(read_authorized(folder.path()));
  CHECK_FALSE(change_authorized(folder.path(), leave));
  std::filesystem::remove(list);
  std::ofstream(list) << "# nobody\n";
  REQUIRE(chmod(list.c_str(), 0600) == 0);
  CHECK(read_authorized(folder.path()));
  for (mode_t mode : {0620u, 0602u}) {
    REQUIRE(chmod(list.c_str(), mode) == 0);
    CHECK_FALSE(read_authorized(folder.path()));
  }
  REQUIRE(chmod(list.c_str(), 0600) == 0);
  for (mode_t mode : {0770u, 0777u}) {
    REQUIRE(chmod(folder.path().c_str(), mode) == 0);
    CHECK_FALSE(read_authorized(folder.path()));
  }
}

TEST_CASE("what cannot be read is an error, and no exception") {
  Folder folder;
  CHECK_FALSE(read_file(folder.path()));
  CHECK_FALSE(read_file(folder.path() / "nowhere"));
  CHECK(read_file("/proc/self/cmdline").value().find("io_tests") != std::string::npos);
}

TEST_CASE("a wrong line of the list is named") {
  const std::string hex = to_hex(public_key_of(make_secret_key()));
  for (const std::string& wrong :
       {"pirate anna " + hex, std::string("worker anna"), "worker an/na " + hex,
        "worker anna " + hex + "0", "worker anna " + hex + " more", "worker otto " + hex}) {
    const auto read = parse_authorized("# head\nworker anna " + hex + "\n" + wrong + "\n");
    CAPTURE(wrong);
    REQUIRE_FALSE(read);
    CHECK(read.error().starts_with("line 3: "));
  }
}

TEST_CASE("what only this machine reaches is local") {
  for (const char* local : {"tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://[::1]:1",
                            "tcp://localhost:1", "ipc:///run/x", "inproc://x"})
    CHECK(is_local(local));
  for (const char* remote : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://[::]:1", "tcp://10.0.0.1:1",
                             "tcp://127.example.org:1", "tcp://localhost.example.org:1",
                             "tcp://eth0:1", "udp://127.0.0.1:1"})
    CHECK_FALSE(is_local(remote));
}

TEST_CASE("what has not the form of an address is refused before keys are asked for") {
  for (const char* odd : {"nowhere", "tcp://", "tcp://:8888", "http://127.0.0.1:8888", ""})
    CHECK(what_is_wrong({odd}, std::nullopt, false).ends_with("tcp://127.0.0.1:8888"));
  CHECK(what_is_wrong({"tcp://127.0.0.1:8888"}, std::nullopt, false).empty());
  CHECK(what_is_wrong({"tcp://10.0.0.1:8888"}, std::nullopt, false).find("--key") !=
        std::string::npos);
}

TEST_CASE("an address is one that libzmq would take") {
  for (const char* good : {"tcp://127.0.0.1:8888", "tcp://ci-1.example_x.org:1",
                           "tcp://[::1]:65535", "tcp://[fe80::1%eth0]:8888", "ipc:///run/x"})
    CHECK(is_endpoint(good));
  for (const char* bad :
       {"", "nowhere", "tcp://", "tcp://:8888", "tcp://h", "tcp://h:", "tcp://h:0", "tcp://h:65536",
        "tcp://h:88x", "tcp://a b:1", "tcp://a:b:1", "udp://h:1"})
    CHECK_FALSE(is_endpoint(bad));
}
