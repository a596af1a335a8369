// The file beside a wheel that says the wheel is yanked (PEP 592): "<wheel's file name>.yanked". Its first
// line is the reason; an empty file gives none. Removing it takes the yank back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace wheelbarrow::wheelhouse {

inline constexpr std::string_view yanked_suffix = ".yanked";

// Where the mark of a wheel would be.
std::filesystem::path yanked_mark_of(const std::filesystem::path& wheel);
// The wheel that a mark is for. REQUIRES: the path ends in yanked_suffix.
std::filesystem::path wheel_of_mark(const std::filesystem::path& mark);

// Whether a text can be the reason of a yank: one line of at most 1000 bytes, UTF-8.
// ErrorKind::invalid_input.
Result<void> check_yanked_reason(std::string_view reason);

// The reason, without the white space around it; maybe empty. Fails where the file can't be read, or where
// its first line is longer than 1000 bytes, is not UTF-8 or has a control character.
Result<std::string> read_yanked_reason(const std::filesystem::path& mark);

}  // namespace wheelbarrow::wheelhouse
