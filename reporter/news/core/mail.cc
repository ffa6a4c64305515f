#include "reporter/news/core/mail.h"

#include "reporter/html.h"
#include "reporter/news/core/address.h"
#include "reporter/news/core/encode.h"
#include "shared/words/sentence.h"
#include "shared/words/text.h"

namespace seaworthy::reporter::news {
namespace {

constexpr size_t kOtherJobs = 50;  // named without their output

bool is_shown(const Story& story, size_t job) {
  const std::optional<Verdict>& verdict = story.jobs[job].row.verdict;
  return job < kShownJobs && verdict && is_bad(*verdict);
}

std::string why(const wire::JobRow& job) {
  if (!job.attempts.empty() && !job.attempts.back().detail.empty())
    return one_line(job.attempts.back().detail, 500);
  return one_line(job.note, 500);
}

std::string job_title(const wire::JobRow& job) {
  const std::string reason = why(job);
  const std::string_view verdict = job.verdict ? to_string(*job.verdict) : "unfinished";
  return "Job " + one_line(job.name, 128) + " " + std::string(verdict) +
         (reason.empty() ? "" : ": " + reason);
}

std::string opening(const Story& story) {
  const wire::BuildRow& build = story.build;
  std::string text =
      "Build " + std::to_string(build.build.value) + " of " +
      words::short_revision(build.revision) + " by " +
      one_line(name_in(build.author).empty() ? build.author : name_in(build.author), 128) + ": " +
      words::standing(build, build.finished) + ".";
  if (story.before)
    text += " The build before it on this branch: " + std::string(to_string(*story.before)) + ".";
  return text;
}

std::string other_jobs(const Story& story) {
  std::string text;
  size_t named = 0;
  for (size_t i = 0; i < story.jobs.size(); ++i) {
    if (is_shown(story, i)) continue;
    if (++named > kOtherJobs) return text + ", …";
    const wire::JobRow& job = story.jobs[i].row;
    text += (text.empty() ? "" : ", ") + one_line(job.name, 128) + " " +
            std::string(job.verdict ? to_string(*job.verdict) : "unfinished");
  }
  return text;
}

// With what the first failed job runs.
std::vector<std::string> reproduction(const Story& story) {
  std::vector<std::string> lines = clone_commands(story.build);
  if (story.jobs.empty() || !is_shown(story, 0)) return lines;
  for (std::string& line : job_commands(story.jobs[0].row)) lines.push_back(std::move(line));
  return lines;
}

std::string as_text(const Story& story) {
  std::string text = opening(story) + "\n";
  if (const std::string link = build_link(story); !link.empty()) text += link + "\n";
  for (size_t i = 0; i < story.jobs.size(); ++i) {
    if (!is_shown(story, i)) continue;
    const JobStory& job = story.jobs[i];
    text += "\n" + job_title(job.row) + "\n";
    if (const std::string link = job_link(story, job.row.job); !link.empty()) text += link + "\n";
    for (const std::string& line : job.lines) text += "  | " + line + "\n";
  }
  if (const std::string others = other_jobs(story); !others.empty())
    text += "\nOther jobs: " + others + "\n";
  text += "\nTo have the same:\n";
  for (const std::string& line : reproduction(story)) text += "  " + line + "\n";
  return text;
}

void put_link(Html& html, const std::string& link) {
  if (link.empty()) return;
  html.raw("<p><a href=\"").text(link).raw("\">").text(link).raw("</a></p>\n");
}

void put_lines(Html& html, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  html.raw("<pre style=\"background:#f4f4f4;padding:8px;font-size:13px\">");
  for (const std::string& line : lines) html.text(line).raw("\n");
  html.raw("</pre>\n");
}

std::string as_html(const Story& story) {
  Html html;
  html.raw("<!doctype html>\n<html><body style=\"font-family:sans-serif\">\n<h2>");
  html.text(headline(story)).raw("</h2>\n<p>").text(opening(story)).raw("</p>\n");
  put_link(html, build_link(story));
  for (size_t i = 0; i < story.jobs.size(); ++i) {
    if (!is_shown(story, i)) continue;
    const JobStory& job = story.jobs[i];
    html.raw("<h3>").text(job_title(job.row)).raw("</h3>\n");
    put_link(html, job_link(story, job.row.job));
    put_lines(html, job.lines);
  }
  if (const std::string others = other_jobs(story); !others.empty())
    html.raw("<p>Other jobs: ").text(others).raw("</p>\n");
  html.raw("<p>To have the same:</p>\n");
  put_lines(html, reproduction(story));
  html.raw("</body></html>\n");
  return html.markup();
}

std::string joined(const std::vector<std::string>& addresses) {
  std::string text;
  for (const std::string& address : addresses) text += (text.empty() ? "" : ",\r\n ") + address;
  return text;
}

void put_part(std::string& mail, const std::string& boundary, std::string_view type,
              const std::string& text) {
  mail += "--" + boundary + "\r\nContent-Type: " + std::string(type) +
          "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
          quoted_printable(text) + "\r\n";
}

}  // namespace

std::string compose_mail(const Target& target, const Story& story, const std::string& thread) {
  const std::string domain(domain_of(target.from));
  const std::string of_branch = "<" + thread + ".branch.seaworthy@" + domain + ">";
  // `=_` is in no line of quoted-printable text.
  const std::string boundary = "=_" + id_of(story.event) + "_seaworthy";
  std::string mail;
  const auto header = [&mail](std::string_view name, const std::string& value) {
    mail.append(name).append(": ").append(value).append("\r\n");
  };
  header("From", mailbox(target.from_name, target.from));
  header("To", joined(story.telling.recipients));
  header("Subject", header_text(headline(story), 9));
  header("Date", mail_date(story.event.at));
  header("Message-ID", "<" + id_of(story.event) + ".build.seaworthy@" + domain + ">");
  header("In-Reply-To", of_branch);
  header("References", of_branch);
  header("Auto-Submitted", "auto-generated");
  header("X-Seaworthy-Build", std::to_string(story.build.build.value));
  header("MIME-Version", "1.0");
  header("Content-Type", "multipart/alternative; boundary=\"" + boundary + "\"");
  mail += "\r\n";
  put_part(mail, boundary, "text/plain", as_text(story));
  put_part(mail, boundary, "text/html", as_html(story));
  return mail + "--" + boundary + "--\r\n";
}

}  // namespace seaworthy::reporter::news
