// From a representation to a response: preconditions, ranges and the fields that go with them, the same way
// for everything that this server sends.
#pragma once

#include <optional>
#include <string>

#include "base/sha256.hpp"
#include "base/slice.hpp"
#include "http/conditional.hpp"
#include "http/message.hpp"
#include "http/negotiation.hpp"

namespace wheelbarrow::http {

// What was selected for a request (RFC 9110 3.2), after negotiation.
struct Representation {
  Slices body;  // the bytes in `coding`
  std::string media_type;
  Coding coding = Coding::identity;
  Validators validators;  // a strong ETag of its own for each coding
  std::string cache_control;
  std::string vary;              // e.g. "accept-encoding"; empty for none
  std::string content_location;  // empty for none
  // Of the bytes in `coding` (RFC 9530 3: Repr-Digest covers the coded representation); sent only if known.
  std::optional<Sha256> repr_digest;
  Fields more;  // beside these, in a 200, 206 and 304
};

// 200, 206 (one range, or multipart/byteranges), 304 (with the fields of RFC 9110 15.4.5), 412 or 416 (as a
// problem). `request` decides; its method is GET or HEAD (a range applies to GET only, RFC 9110 14.2).
Response respond(const Request& request, Representation representation);

// A representation that is sent again and again: its two commonest responses are made once, and a small body
// is kept in memory of its own, which no disk makes wait.
class ReadyRepresentation {
 public:
  explicit ReadyRepresentation(Representation representation);
  // As respond() above, and ready.
  ReadyResponse respond(const Request& request) const;

 private:
  Representation representation_;
  ReadyResponse whole_;
  ReadyResponse not_modified_;
};

}  // namespace wheelbarrow::http
