// "Did you mean": the known word that a wrong one is nearest to.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wheelbarrow::app {

// The known word that is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

// "; did you mean 'listen'?" with that word, or nothing.
std::string suggestion(std::string_view word, std::span<const std::string> known);

}  // namespace wheelbarrow::app
