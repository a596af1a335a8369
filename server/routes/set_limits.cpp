#include "routes/set_limits.hpp"

#include <string>

namespace wheelbarrow::routes {

Result<void> SetLimits::check(const resolver::Lock& lock) const {
  if (max_wheels != 0 && lock.wheels.size() > max_wheels) {
    return fail(ErrorKind::limit, "the set needs " + std::to_string(lock.wheels.size()) +
                                      " wheels, and this server joins at most " + std::to_string(max_wheels) +
                                      "; ask for less, or for parts of it");
  }
  std::uint64_t size = 0;
  for (const resolver::LockedWheel& locked : lock.wheels) {
    size += locked.wheel->unpacked_size;
  }
  if (max_size != 0 && size > max_size) {
    return fail(ErrorKind::limit, "the set's wheels have " + std::to_string(size) +
                                      " bytes unpacked, and this server joins at most " +
                                      std::to_string(max_size) + "; ask for less, or for parts of it");
  }
  return {};
}

}  // namespace wheelbarrow::routes
