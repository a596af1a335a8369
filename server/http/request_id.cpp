#include "http/request_id.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

namespace wheelbarrow::http {
namespace {

constexpr std::size_t longest_id = 128;

constexpr auto is_allowed = [] {
  std::array<bool, 256> allowed{};
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:/+=@-")) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

// SplitMix64: ids need to differ, not to be secret.
std::uint64_t next_random() {
  thread_local std::uint64_t state = [] {
    std::random_device seed;
    return std::uint64_t{seed()} << 32 | seed();
  }();
  std::uint64_t mixed = state += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31;
}

}  // namespace

bool is_sane_request_id(std::string_view text) {
  return !text.empty() && text.size() <= longest_id &&
         std::ranges::all_of(text, [](char c) { return is_allowed[static_cast<unsigned char>(c)]; });
}

void identify(Request& request) {
  for (const auto [name, value] : request.fields) {
    if (name != "x-request-id" || !is_sane_request_id(value)) continue;
    request.id = value;
    request.brought_id = true;
    return;
  }
  static constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t random = next_random();
  request.id.resize(12);  // held without an allocation
  for (char& digit : request.id) {
    digit = digits[random & 15];
    random >>= 4;
  }
}

}  // namespace wheelbarrow::http
