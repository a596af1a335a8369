#include "bundle/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "temporary_folder.hpp"

namespace wheelbarrow::bundle {
namespace {

using testing::HasSubstr;

Child shell(const std::string& script) {
  return {"/bin/sh", {"-c", script}, {"GREETING=hello"}};
}

ChildOutput run(const std::string& script, std::string_view input = {}, const ChildLimits& limits = {}) {
  const auto output = run_child(shell(script), input, limits, {});
  EXPECT_TRUE(output) << output.error().text();
  return output.value_or(ChildOutput{});
}

TEST(ChildProcess, GivesWhatTheProgramMakesOfItsInput) {
  const std::string large(std::size_t{3} << 20, 'x');
  EXPECT_EQ(run("cat", large).out, large);
  EXPECT_EQ(run("echo $GREETING $HOME").out, "hello\n");
}

TEST(ChildProcess, HasNoOtherDescriptors) {
  EXPECT_EQ(run("ls /proc/self/fd | tr '\\n' ' '").out, "0 1 2 3 ");  // 3 is ls reading the folder
}

TEST(ChildProcess, SaysHowItFailed) {
  const ChildOutput complained = run("echo why >&2; exit 3");
  EXPECT_EQ(complained.failure, "ended with exit code 3");
  EXPECT_EQ(complained.complaint, "why");
  EXPECT_EQ(run("kill -SEGV $$").failure, "ended by signal 11");
  EXPECT_EQ(run_child({"/no/such/program", {}, {}}, {}, {}, {})->failure, "ended with exit code 127");
}

TEST(ChildProcess, LimitsHold) {
  ChildLimits limits;
  limits.wall = std::chrono::seconds(1);
  EXPECT_EQ(run("sleep 600", {}, limits).failure, "took longer than 1 s");
  limits = {};
  limits.processor = std::chrono::seconds(1);
  EXPECT_EQ(run("while :; do :; done", {}, limits).failure, "used more processor time than it may");
  limits = {};
  limits.output = 100'000;
  EXPECT_EQ(run("exec yes", {}, limits).failure, "wrote more than it may");
  limits = {};
  limits.memory = std::uint64_t{64} << 20;
  EXPECT_THAT(run("exec /usr/bin/python3 -c 'x = bytearray(1 << 30)'", {}, limits).complaint,
              HasSubstr("MemoryError"));
}

// What a program leaves running in the background goes with it.
TEST(ChildProcess, NothingOutlivesIt) {
  const ChildOutput output = run("sleep 600 >/dev/null 2>&1 & echo $!");
  const pid_t process = std::stoi(output.out);
  // Killed, and then reaped by whoever adopted it.
  for (int i = 0; i < 500 && ::kill(process, 0) == 0; ++i) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    std::string number;
    std::string name;
    std::string state;
    stat >> number >> name >> state;
    if (state == "Z") return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_NE(::kill(process, 0), 0);
}

TEST(ChildProcess, StopsWhenItIsTold) {
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  const auto output =
      run_child(shell("sleep 600"), {}, {}, [&] { return std::chrono::steady_clock::now() > later; });
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, ErrorKind::cancelled);
}

TEST(ChildProcess, ProgramsAreFoundOnPath) {
  EXPECT_EQ(find_program("sh").filename(), "sh");
  EXPECT_TRUE(find_program("no-such-program-here").empty());
}

}  // namespace
}  // namespace wheelbarrow::bundle
