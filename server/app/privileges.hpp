// From root to a user without rights, or to a root with few, for the rest of the process's life.
#pragma once

#include <string>

#include "base/error.hpp"

namespace wheelbarrow::app {

bool is_root();

// Becomes the user of that name, with the user's groups, and keeps of root's rights only that to listen on
// ports below 1024, until give_up_listening(). A process that is that user already stays it.
// REQUIRES: the process has one thread. ErrorKind::invalid_input where there is no such user, or the process
// is neither root nor that user.
Result<void> become_user(const std::string& name);

// Gives a folder, that this process has just made, to the user. ErrorKind::invalid_input and io.
Result<void> give_to_user(const std::string& folder, const std::string& name);

// Root that stays root keeps of its rights (capabilities(7)) those to files of other users, and that to
// listen as above; others keep theirs. REQUIRES: the process has one thread. ErrorKind::io where the kernel
// refuses.
Result<void> limit_root();

// Gives up the right to listen on ports below 1024, for the calling thread and those that it starts then.
// Threads that were there keep it, and in the sandbox no call to do it with.
void give_up_listening();

}  // namespace wheelbarrow::app
