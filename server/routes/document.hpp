// Bodies that are made per request or small: text in the form that the client takes, with the right
// validators.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/sha256.hpp"
#include "bundle/engine.hpp"
#include "bundle/lru_cache.hpp"
#include "http/message.hpp"
#include "http/representation.hpp"
#include "routes/caching.hpp"
#include "store/store.hpp"

namespace wheelbarrow::routes {

// The form that a coding names.
bundle::Form form_of(http::Coding coding);

// zstd, gzip, identity: the order in which this server prefers what it can make.
std::span<const http::Coding> all_codings();
std::span<const http::Coding> identity_only();

// Fills in what follows from encoded bytes: body, coding, ETag, Vary, Repr-Digest.
http::Representation represent(bundle::Encoded encoded, http::Coding coding, bool negotiated);

// The entity tag of a form of this content that the client has stored, by If-None-Match, and would still
// take. A better form, or another dictionary, is no reason to send the same content again, so that form is
// the selected one (RFC 9110 3.2) and the answer is 304.
std::optional<std::string> stored_form(const http::Request& request, const Sha256& content);

class Documents {
 public:
  explicit Documents(bundle::Engine& engine) : engine_(engine) {}

  // Answers with text of that media type, negotiated; compressed once per content and form, in a build
  // thread.
  boost::asio::awaitable<http::Response> text(const http::Request& request, std::string text,
                                              std::string_view media_type, const Caching& caching);

  // The same with text that takes a while to make: `make` runs in a build thread, and what it gives is
  // remembered under `key`, which names everything that the text depends on. Give it as a variable, not as a
  // lambda in the call: GCC 12 destroys the captures of a lambda that is a temporary of a co_await expression
  // twice (GCC bug 99576).
  using Make = std::function<Result<std::string>()>;
  boost::asio::awaitable<http::Response> made(const http::Request& request, std::string key, Make make,
                                              std::string_view media_type, const Caching& caching);

  // A blob of the store in the form the client takes, or as it is if it is not `compressible` or small; or
  // the whole answer: 304 to who has another form of it, or a problem.
  boost::asio::awaitable<std::expected<http::Representation, http::Response>> blob(
      const http::Request& request, const store::Blob& blob, std::string_view media_type, bool compressible,
      const Caching& caching);

 private:
  bundle::Engine& engine_;
  // Short texts, of which a client wants many after another, don't push out long ones, which take longer to
  // make.
  bundle::LruCache<std::string> made_{32};
  bundle::LruCache<std::string> made_short_{512};
  bundle::LruCache<bundle::Encoded> encoded_{256};
};

}  // namespace wheelbarrow::routes
