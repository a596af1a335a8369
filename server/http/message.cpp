#include "http/message.hpp"

#include <algorithm>

namespace wheelbarrow::http {

void Fields::add(std::string_view name, std::string value) {
  fields_.emplace_back(std::string(name), std::move(value));
}

void Fields::set(std::string_view name, std::string value) {
  erase(name);
  add(name, std::move(value));
}

void Fields::erase(std::string_view name) {
  std::erase_if(fields_, [name](const auto& field) { return field.first == name; });
}

std::optional<std::string> Fields::get(std::string_view name) const {
  std::optional<std::string> joined;
  for (const auto& [field_name, value] : fields_) {
    if (field_name != name) continue;
    if (joined) {
      joined->append(", ").append(value);
    } else {
      joined = value;
    }
  }
  return joined;
}

bool Fields::has(std::string_view name) const {
  return std::ranges::any_of(fields_, [name](const auto& field) { return field.first == name; });
}

}  // namespace wheelbarrow::http
