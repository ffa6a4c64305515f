#include "cli/submit.h"

#include <algorithm>

#include "cli/local_git.h"
#include "cli/render/json.h"
#include "cli/render/text.h"
#include "cli/wait.h"
#include "shared/git/mirror.h"
#include "shared/git/revision_reader.h"
#include "shared/io/clock.h"
#include "shared/pipeline/expand.h"

namespace seaworthy::cli {
namespace {

const std::vector<std::string> kFetched{"refs/heads/*", "refs/tags/*"};

struct Located {
  std::string revision;
  std::string ref;
};

// Under which ref a build of it stands when nobody says: the branch or tag of that name, else
// HEAD's branch.
std::string ref_of(const git::Mirror& mirror, const std::string& name) {
  if (auto refs = mirror.refs(kFetched))
    for (const std::string& ref : {name, "refs/heads/" + name, "refs/tags/" + name})
      if (refs->contains(ref)) return ref;
  return mirror.default_branch().value_or("HEAD");
}

// What the repository itself calls so, if it lies on this machine: HEAD~1, @{u}, :/text are its
// own. A mirror knows only branches and tags.
std::string as_the_repository_says(const std::string& repository, const std::string& revision) {
  if (!repository.starts_with("/")) return revision;
  auto id = ask_git(
      repository, {"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
  return id && git::is_object_id(*id) ? *id : revision;
}

Result<Located> locate(const git::Mirror& mirror, const SubmitOptions& options) {
  if (auto fetched = mirror.fetch(kFetched); !fetched) return Unexpected{fetched.error()};
  const std::string wanted = as_the_repository_says(mirror.repository(), options.revision);
  Located located;
  if (options.ref.empty())
    located.ref = ref_of(mirror, options.revision);
  else
    located.ref = options.ref.starts_with("refs/") ? options.ref : "refs/heads/" + options.ref;
  if (git::is_object_id(wanted)) {
    auto fetched = mirror.fetch_revision(wanted, located.ref);
    if (!fetched) return Unexpected{fetched.error()};
  }
  auto revision = mirror.resolve(wanted);
  if (!revision) return Unexpected{revision.error()};
  located.revision = *revision;
  return located;
}

Result<wire::Submit> prepare(const SubmitOptions& options) {
  const std::string repository = git::canonical_repository(options.repository);
  auto mirror = git::Mirror::open(options.mirrors, repository);
  if (!mirror) return Unexpected{mirror.error()};
  auto located = locate(*mirror, options);
  if (!located) return Unexpected{located.error()};
  git::RevisionReader reader(mirror->directory());
  auto description = reader.describe(located->revision);
  if (!description) return Unexpected{description.error()};

  if (description->pipeline.concurrency)
    pipeline::keep_builds_of_default_branch(description->pipeline, located->ref,
                                            mirror->default_branch());
  wire::Submit submit;
  submit.request = io::random_token<RequestId>();
  submit.repository = repository;
  submit.ref = located->ref;
  submit.tip = located->revision;
  submit.again = options.again;
  submit.pipelines.push_back(std::move(description->pipeline));
  submit.revisions.push_back({located->revision, 0, 0, description->subject, description->author});
  return submit;
}

}  // namespace

Ended submit(zmq::context_t& context, const io::ClientOptions& connection,
             const SubmitOptions& options, Screen& screen) {
  auto request = prepare(options);
  if (!request) return Unexpected{request.error()};
  auto ok = io::Client(context, connection).ask_for<wire::SubmitOk>(*request);
  if (!ok) return unknown(ok.error());
  if (ok->builds.empty()) return Unexpected{"the broker made no build of it"};
  if (options.json) screen.out(render::submitted_json(*ok));
  for (const wire::SubmittedBuild& build : ok->builds)
    if (!options.json)
      screen.line("build " + std::to_string(build.build.value) + " of " +
                  render::short_revision(build.revision) +
                  (build.duplicate ? ", which was there already; --again makes another" : ""));
  if (!options.wait) return ExitCode::Passed;
  WaitOptions waiting;
  waiting.target = std::to_string(ok->builds.front().build.value);
  waiting.quiet = options.json;
  return wait_for_build(context, connection, waiting, screen);
}

}  // namespace seaworthy::cli
