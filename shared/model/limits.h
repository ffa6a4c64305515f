// Every limit of the system, and how they relate. A number that bounds memory, time or repetition
// stands here and nowhere else. Origin of the numbers: chosen, unless a line says measured.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/base/time.h"

namespace seaworthy::limits {

using namespace std::chrono_literals;

// Messages.
inline constexpr size_t kMessageBytes =
    256 * 1024;  // one ZeroMQ frame; larger ones drop the connection
inline constexpr size_t kOutputChunkBytes = 64 * 1024;
inline constexpr size_t kOutputCreditBytes = 1024 * 1024;  // unacknowledged output per attempt
inline constexpr size_t kSubmitBytes = 128 * 1024;         // a client starts a new Submit past this
inline constexpr size_t kSubmitRevisions = 256;
inline constexpr size_t kListRows = 500;
inline constexpr size_t kReplyBytes = 192 * 1024;  // a list answer stops before it passes this
inline constexpr Duration kLongPoll = 30s;         // the longest wait a Fetch… may ask for

// Pipelines.
inline constexpr size_t kPipelineFileBytes = 64 * 1024;
inline constexpr size_t kJobsPerBuild = 256;
inline constexpr size_t kStepsPerJob = 256;
inline constexpr Duration kDefaultTimeout = 60min;
inline constexpr Duration kLongestTimeout = 24h;

// The queue.
inline constexpr uint32_t kOldestEvery = 4;  // a repository's fourth job is its oldest
inline constexpr size_t kLabelSets = 1'024;  // different runs-on that are queued at a time
inline constexpr size_t kLabelSetsPerRepository = 128;
inline constexpr size_t kKindsOfWorkers = 1'024;  // different labels of workers, remembered
inline constexpr size_t kGivenUpAtOnce = 256;     // jobs without a fitting worker, in one step

// Names.
inline constexpr size_t kNameBytes = 128;         // worker, job, label, concurrency group
inline constexpr size_t kRepositoryBytes = 2048;  // path or URL, also of a ref
inline constexpr size_t kSubjectBytes = 256;      // first line of a commit message, author
inline constexpr size_t kLabels = 64;
inline constexpr size_t kDetailBytes = 4096;  // one explaining text

// Leases. What the two sides must agree on is sent in Welcome (model/timing.h has the values that
// run).
inline constexpr uint32_t kLosses = 3;  // a job whose workers were lost this often is Inconclusive
inline constexpr Duration kBrokenPause =
    5s;  // before a job that could not be run is tried again; ×6 each time
inline constexpr Duration kDeclinedPause =
    1s;                                   // a worker that declined a job gets none for so long
inline constexpr uint32_t kFailures = 3;  // the same for attempts that ended Broken

// The broker.
inline constexpr size_t kSessions = 20'000;
inline constexpr size_t kConnections = 24'000;  // fewer where the system allows fewer descriptors
inline constexpr int kMessagesPerPeer = 16;     // received of one connection and not yet looked at
inline constexpr int kAnswersPerPeer = 64;      // sent to one connection and not yet taken by it
// Of one connection, beyond its whole messages that were looked at: room for those that wait, and
// for one on its way in.
inline constexpr uint64_t kUnreadBytes = (kMessagesPerPeer + 2) * 3ull * kMessageBytes;
inline constexpr Duration kConnectionsLook = 250ms;  // how often they are looked at
// Of all connections that have one key. More than honest ones can use: a worker of trivial jobs
// sends ten messages a job.
inline constexpr uint64_t kMessagesPerSecond = 20'000;
inline constexpr uint64_t kMessagesPerSecondMore = 500;  // for each connection
inline constexpr uint64_t kBytesPerSecond = 1024ull * 1024 * 1024;
inline constexpr size_t kConnectionsPerKey = kConnections / 2;
inline constexpr Duration kQuarantine = 1min;       // that an offender's key is not let in
inline constexpr uint32_t kSlotsPerWorker = 1'000;  // jobs one worker holds at a time
inline constexpr size_t kQueuedJobs = 2'000'000;
inline constexpr size_t kParkedRequests = 20'000;  // long polls that wait
inline constexpr Duration kDemandLook = 20ms;      // between two looks for who awaits demand
inline constexpr size_t kRemovedAtOnce = 64;     // builds that retention removes in one transaction
inline constexpr Duration kKeptAtLeast = 10min;  // a finished build, whatever is not to be kept
inline constexpr Duration kCopiesArriveWithin = 1min;             // of a request, by whatever ways
inline constexpr size_t kQuestionsPerUser = kParkedRequests / 8;  // the same, of all with one key
inline constexpr size_t kQuestionsPerPeer = 32;   // asked and not yet answered, long polls included
inline constexpr size_t kEventsPerDrain = 1024;   // received before the loop commits
inline constexpr size_t kCursors = 256;           // names under which followers save where they are
inline constexpr size_t kDrainedWorkers = 4'096;  // names, connected or not
inline constexpr size_t kPausedRepositories = 1'024;  // at a time

// The reporter.
inline constexpr size_t kHttpHeadBytes = 16 * 1024;  // a request's first lines
inline constexpr size_t kHttpStreamPieces = 1'024;   // that wait to be taken from one stream
inline constexpr Duration kHttpPing = 15s;           // a stream of events is never silent longer
inline constexpr size_t kHttpQuestions = 256;        // to the broker, waiting for their turn
inline constexpr size_t kRememberedEvents = 1'024;   // for pages that come back
inline constexpr size_t kApiRows = 200;              // of one answer's list, at most
inline constexpr size_t kTokens = 1'024;             // that are let in
inline constexpr size_t kSignedIn = 4'096;  // browsers at a time; one more ends the oldest's
inline constexpr Duration kSignedInFor = 24h * 7;
inline constexpr uint32_t kFailedSignIns = 10;  // of one address, in kFailedSignInsWithin
inline constexpr Duration kFailedSignInsWithin = 1min;
inline constexpr size_t kAddressesRemembered = 1'024;  // that failed to sign in

// News: what the reporter tells people and other programs.
inline constexpr size_t kNewsFileBytes = 64 * 1024;
inline constexpr size_t kNewsTargets = 32;  // each has a thread, a connection and a cursor
inline constexpr size_t kNewsRules = 256;
inline constexpr size_t kMailRecipients = 64;    // of one mail
inline constexpr Duration kNewsPatience = 72h;   // after the event, then it is given up
inline constexpr Duration kNewsFirstPause = 2s;  // between two tries, doubled up to
inline constexpr Duration kNewsLongestPause = 10min;
inline constexpr size_t kNewsAnswerBytes = 4 * 1024;  // that are read of what the other side says

// Attempts on a worker.
inline constexpr uint64_t kOutputBytes =
    64ull * 1024 * 1024;  // stored per attempt unless a worker is told else; head and tail are kept
inline constexpr Duration kKillGrace = 10s;  // between TERM and KILL
// Times of output: of what is written all the time each is at least so much after the one before,
// or this part of what has passed since the attempt's start. A day of it has some 46,000.
inline constexpr Duration kOutputTimeEvery = 100ms;
inline constexpr uint64_t kOutputTimePart = 8'192;
inline constexpr size_t kOutputTimes = 64 * 1024;  // kept of one attempt, 12 bytes each
inline constexpr size_t kTimesPerMessage = 1'024;
inline constexpr uint64_t kOutputTimeMs = 30ull * 24 * 3'600'000;

// Reports of tests.
inline constexpr size_t kReportGlobs = 32;       // of each kind, in a job
inline constexpr size_t kReportGlobBytes = 256;  // one of them
inline constexpr size_t kReportFiles = 1'000;    // read of one attempt
inline constexpr size_t kReportFileBytes = 16 * 1024 * 1024;
inline constexpr size_t kReportsBytes = 64 * 1024 * 1024;  // all files of one attempt
inline constexpr size_t kTests = 10'000;  // listed of one attempt; failed ones first
inline constexpr uint64_t kCountedTests = 1'000'000'000;
inline constexpr uint64_t kTestDurationMs = 30ull * 24 * 3'600'000;
inline constexpr size_t kTestNameBytes = 256;           // of a test, and of its suite
inline constexpr size_t kTestTextBytes = 4'096;         // its message; its output
inline constexpr size_t kTestTextsBytes = 512 * 1024;   // of all tests of one attempt
inline constexpr size_t kTestNotes = 8;                 // about reports that could not be read
inline constexpr size_t kTestNoteBytes = 512;           // one of them
inline constexpr size_t kTestReportBytes = 128 * 1024;  // packed, in AttemptFinished and the store
inline constexpr size_t kTestReportUnpackedBytes = 2 * 1024 * 1024;
inline constexpr size_t kHistoryBuilds = 50;  // looked back through for one question about tests
inline constexpr size_t kHistoryBytes = 16 * 1024 * 1024;  // unpacked for it: some 100 ms

static_assert(kOutputChunkBytes + 4096 < kMessageBytes, "an Output message fits a frame");
static_assert(kOutputChunkBytes * 2 <= kOutputCreditBytes,
              "credit allows a chunk in flight while one is acknowledged");
static_assert(kSubmitBytes + kPipelineFileBytes < kMessageBytes,
              "one more pipeline never makes a Submit too large");
static_assert(kReplyBytes < kMessageBytes);
static_assert(kTimesPerMessage * 32 + 4096 < kMessageBytes, "output's times fit a frame");
static_assert(kTestReportBytes + kStepsPerJob * (kNameBytes + 48) + 2 * kDetailBytes <
                  kMessageBytes,
              "an outcome with all its steps and tests fits a frame");
static_assert(kTestReportUnpackedBytes <= kHistoryBytes);
static_assert(kSessions < kConnections, "clients find room beside as many workers as there can be");
static_assert(kUnreadBytes > kOutputCreditBytes, "nobody is cut off for using the credit");
static_assert(kDefaultTimeout <= kLongestTimeout);
static_assert(kNewsTargets < kCursors, "a target that was renamed finds room for some time");

}  // namespace seaworthy::limits
