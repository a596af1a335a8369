// "Did you mean": the known word that a wrong one is nearest to.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wheelbarrow::app {

// "; did you mean 'listen'?", or nothing where no known word is near enough to be meant.
std::string suggestion(std::string_view word, std::span<const std::string> known);

}  // namespace wheelbarrow::app
