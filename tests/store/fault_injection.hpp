// Makes the system calls by which a store writes fail, or ends the process at one of them.
//
// The functions of libc that write (open for writing, pwrite, fsync, rename, unlink, mkdir ...) are defined
// in fault_injection.cpp, so a program that it is linked into, SQLite included, calls those. Each call is a
// step. Loaded into another program (LD_PRELOAD), the errno that the file named by WHEELBARROW_FAULT_FILE
// holds is what every step fails with while that file exists.
#pragma once

namespace wheelbarrow::test {

struct Fault {
  enum class Kind {
    none,          // steps are counted
    fail,          // from the step on, all fail with `error`
    kill_before,   // SIGKILL instead of the step
    kill_halfway,  // the same, after half of what is written there was written
    kill_after,    // SIGKILL when the step is done
  };
  Kind kind = Kind::none;
  long step = 0;  // the first is 0
  int error = 0;  // with ENOSPC, what takes no room is still done
};

// Counts from 0 again.
void inject(Fault fault);
long steps_taken();

// From now on the clock of the day is that much ahead; behind if negative.
void shift_clock(long seconds);

}  // namespace wheelbarrow::test
