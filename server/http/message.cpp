#include "http/message.hpp"

#include <algorithm>

namespace wheelbarrow::http {

void Fields::add(std::string_view name, std::string_view value) {
  Place place;
  place.name = static_cast<std::uint32_t>(text_.size());
  place.name_size = static_cast<std::uint32_t>(name.size());
  place.value = place.name + place.name_size;
  place.value_size = static_cast<std::uint32_t>(value.size());
  text_.append(name).append(value);
  places_.push_back(place);
}

void Fields::set(std::string_view name, std::string_view value) {
  erase(name);
  add(name, value);
}

void Fields::erase(std::string_view name) {
  std::erase_if(places_, [this, name](const Place& place) {
    return std::string_view(text_.data() + place.name, place.name_size) == name;
  });
}

void Fields::clear() {
  text_.clear();
  places_.clear();
}

std::optional<std::string> Fields::get(std::string_view name) const {
  std::optional<std::string> joined;
  for (const auto [field_name, value] : *this) {
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
  return std::ranges::any_of(*this, [name](const Field& field) { return field.name == name; });
}

}  // namespace wheelbarrow::http
