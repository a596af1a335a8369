#include "app/sandbox.hpp"

namespace wheelbarrow::app {

Result<std::string> confine_files(const Reach& /*reach*/) {
  return fail(ErrorKind::io, "this system has no Landlock");
}

Result<std::string> confine_calls() {
  return fail(ErrorKind::io, "this system has no seccomp");
}

}  // namespace wheelbarrow::app
