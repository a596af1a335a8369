// What the kernel can take from this process for ever, so that a hole in the server is no hole in the
// machine. sandbox_linux.cpp: Landlock and seccomp; sandbox_none.cpp, for every other system, takes nothing
// and says so. What is taken is taken from the programs that the process starts, too.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::app {

// The files that stay within reach; folders with all that is below them. What doesn't exist is left out.
struct Reach {
  std::vector<std::filesystem::path> read;
  std::vector<std::filesystem::path> write;    // made, changed, removed and read
  std::vector<std::filesystem::path> run;      // run as programs, or loaded by such, and read
  std::vector<std::filesystem::path> sockets;  // folders in which socket files are made and removed
};

// Takes the reach of every file but those. Files that are open stay open. In: folders as they are now; a
// folder that is put in the place of one of them later is out of reach. Returns what does it, for the log.
// REQUIRES: the process has one thread. ErrorKind::io where the kernel doesn't know how, and then nothing has
// changed.
Result<std::string> confine_files(const Reach& reach);

// Takes every system call that neither the server nor CPython and Node need once the server listens:
// making sockets, binding and connecting them, mounting, tracing, namespaces, modules, keys. They fail with
// ENOSYS. Holds for all threads. Returns what does it; ErrorKind::io as above.
Result<std::string> confine_calls();

}  // namespace wheelbarrow::app
