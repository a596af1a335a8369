// The signals that tell a running server something: SIGINT and SIGTERM to stop, SIGHUP to read its files
// again, SIGUSR1 to open its access log anew. They interrupt nothing; whoever waits for the next one gets it.
#pragma once

#include <csignal>
#include <thread>

namespace wheelbarrow::app {

// Those signals, blocked in this thread and in every one that it starts from here on. SIGPIPE is ignored.
sigset_t block_signals();

// Waits for one of `signals`. REQUIRES: they are blocked in every thread.
int next_signal(const sigset_t& signals);

// Whether it tells the server to stop.
bool ends(int signal);

// From here on the first signal to stop ends the process at once, as a success, until the thread is told to
// stop: reading a large wheelhouse takes long.
std::jthread end_while_starting();

// From here on the next signal to stop ends the process at once, as a failure, whatever is still being done.
// What is on disk stays whole: blobs are published by a rename.
void end_on_next_signal(const sigset_t& signals);

}  // namespace wheelbarrow::app
