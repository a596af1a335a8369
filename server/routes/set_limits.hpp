// How large a requirement set may become.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::routes {

struct SetLimits {
  std::size_t max_wheels = 0;  // 0: any number
  std::uint64_t max_size = 0;  // bytes of its wheels, unpacked; 0: any

  // ErrorKind::limit if a lock goes beyond.
  Result<void> check(const resolver::Lock& lock) const;
};

}  // namespace wheelbarrow::routes
