// What a client would rather have: content codings (RFC 9110 8.4.1, 12.5.3; zstd: RFC 8878 and RFC 9659;
// gzip: RFC 1952; br: RFC 7932; dcz: RFC 9842) and media types (12.5.1).
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string_view>

namespace wheelbarrow::http {

enum class Coding { identity, gzip, zstd, br, dcz };

// The token in Content-Encoding: "identity", "gzip", "zstd", "br", "dcz".
std::string_view token(Coding coding);

// Chooses among `available`, which is in the server's order of preference. `accept_encoding` is the field's
// value; no field means identity is sent (a client that says nothing may not know any coding). The highest
// q-value wins, ties go to the earlier in `available`; q=0 excludes; "*" stands for codings not named;
// identity is acceptable unless excluded, but is chosen over a coding with q > 0 only if the client ranks it
// higher. Nothing if none is acceptable (406). A malformed member is ignored.
std::optional<Coding> negotiate(std::optional<std::string_view> accept_encoding,
                                std::span<const Coding> available);

// Whether `accept_encoding` names `coding`, or means it by "*" (but see above), with a weight above 0.
bool accepts(std::optional<std::string_view> accept_encoding, Coding coding);

// How welcome a media type is; the greater, the more.
struct Acceptance {
  int weight = 0;       // in thousandths; 0 is "not acceptable"
  int specificity = 0;  // of the media range that decides: 2 for "type/subtype", 1 for "type/*", 0 for "*/*"
  friend auto operator<=>(const Acceptance&, const Acceptance&) = default;
};

// What `accept`, the field's value, says of `media_type`, which has no parameters. No field and an empty one
// mean "*/*". Of the ranges that match, the most specific decides; of equal ones, the one that ranks it
// higher. Parameters other than q aren't compared; a malformed member is ignored.
Acceptance acceptance(std::optional<std::string_view> accept, std::string_view media_type);

}  // namespace wheelbarrow::http
