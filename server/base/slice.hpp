// A piece of immutable memory together with what keeps it alive: a mapped file, a string, a program constant.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wheelbarrow {

// A value: copying shares the owner, never the bytes. The bytes never change while a slice refers to them.
struct Slice {
  std::shared_ptr<const void> owner;  // null for bytes with static storage duration
  std::span<const std::byte> bytes;

  std::size_t size() const { return bytes.size(); }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  // REQUIRES: offset + length <= size().
  Slice part(std::size_t offset, std::size_t length) const { return {owner, bytes.subspan(offset, length)}; }

  static Slice of(std::string text) {
    auto owned = std::make_shared<const std::string>(std::move(text));
    const auto bytes = std::as_bytes(std::span(*owned));
    return {std::move(owned), bytes};
  }
  static Slice of(std::vector<std::byte> data) {
    auto owned = std::make_shared<const std::vector<std::byte>>(std::move(data));
    const std::span<const std::byte> bytes(*owned);
    return {std::move(owned), bytes};
  }
  // REQUIRES: the bytes live as long as the program.
  static Slice of_static(std::string_view text) { return {nullptr, std::as_bytes(std::span(text))}; }
};

// Slices one after another: what a body is made of.
using Slices = std::vector<Slice>;

inline std::size_t total_size(const Slices& slices) {
  std::size_t size = 0;
  for (const Slice& slice : slices) {
    size += slice.size();
  }
  return size;
}

}  // namespace wheelbarrow
