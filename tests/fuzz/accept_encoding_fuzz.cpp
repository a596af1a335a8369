// Accept-Encoding (RFC 9110 12.5.3): the first byte of an input says what is available, the rest is the
// field.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/check.hpp"
#include "http/negotiation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  using http::Coding;
  std::string_view field = fuzz::text_of(data, size);
  const std::uint8_t choice = fuzz::take_byte(field);
  std::vector<Coding> available;
  if ((choice & 1U) != 0) available.push_back(Coding::zstd);
  if ((choice & 2U) != 0) available.push_back(Coding::gzip);
  if ((choice & 4U) == 0) available.push_back(Coding::identity);
  const auto chosen = http::negotiate(field, available);
  fuzz::check(!chosen || std::ranges::find(available, *chosen) != available.end(), "what is chosen is there",
              field);
  const bool excludes = field.find('0') != std::string_view::npos;
  const bool has_identity = (choice & 4U) == 0;
  fuzz::check(chosen || excludes || !has_identity, "identity is acceptable unless it is excluded", field);
  if (chosen && *chosen != Coding::identity) {
    fuzz::check(field.find_first_of("zZgG*") != std::string_view::npos, "a coding was asked for", field);
  }
  // What was chosen among all is chosen again when it is alone.
  if (chosen)
    fuzz::check(http::negotiate(field, std::vector{*chosen}) == chosen, "a choice is acceptable", field);
  return 0;
}
