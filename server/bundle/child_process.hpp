// A program run to its end on a given input, as a process of its own that can't do much harm: in a session of
// no terminal, with no file descriptors but three, an environment of our choice, and limits on time, memory
// and output. It and whatever it has started are killed when it takes too long, when it is done, when it is
// given up and when the thread that waits for it ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/callback.hpp"

namespace wheelbarrow::bundle {

struct ChildLimits {
  std::chrono::seconds processor{300};  // RLIMIT_CPU
  std::chrono::seconds wall{600};
  // RLIMIT_DATA: what is written to, not what is reserved. RLIMIT_AS would refuse V8 the many gigabytes of
  // address space that it reserves for WebAssembly and never touches.
  std::uint64_t memory = std::uint64_t{2} << 30;  // bytes
  std::uint64_t output = std::uint64_t{1} << 30;  // bytes, RLIMIT_FSIZE: of standard output and error each
};

struct Child {
  std::filesystem::path program = {};
  std::vector<std::string> arguments = {};    // after the program's name
  std::vector<std::string> environment = {};  // "NAME=value"
};

struct ChildOutput {
  std::string out;
  std::string complaint;  // the end of standard error, printable ASCII, at most 300 bytes; for a log
  // What went wrong, in words for anyone ("took longer than 600 s"); empty after exit code 0.
  std::string failure;
};

// Blocks. ErrorKind::cancelled soon after `give_up`, which may be empty, says so, ErrorKind::io if the
// process can't be made. `input` is standard input.
Result<ChildOutput> run_child(const Child& child, std::string_view input, const ChildLimits& limits,
                              const GiveUp& give_up);

bool can_be_run(const std::filesystem::path& program);

// The first file of that name in the folders of PATH that can be run; empty if there is none.
std::filesystem::path find_program(const std::string& name);

}  // namespace wheelbarrow::bundle
