#include "routes/document.hpp"

#include <array>
#include <utility>

#include "http/media_type.hpp"
#include "routes/await.hpp"
#include "routes/errors.hpp"

namespace wheelbarrow::routes {
namespace {

constexpr std::size_t worth_compressing = 512;  // bytes; less fits a packet either way

// Whether a response depends on Accept-Encoding at all.
bool negotiates(std::size_t size, std::string_view media_type) {
  return size >= worth_compressing && http::is_compressible(media_type);
}

Result<bundle::Encoded> encode_text(const Slice& text, const Sha256& hash, http::Coding coding) {
  auto coded = bundle::compress(text.bytes, form_of(coding), bundle::Effort::fast);
  if (!coded) return std::unexpected(coded.error());
  Slice body = Slice::of(std::move(*coded));
  const Sha256 digest = sha256(body.bytes);
  // The coded bytes depend on the compressor, so they name themselves.
  std::string etag =
      hash.hex().substr(0, 16) + '-' + std::string(http::token(coding)) + '-' + digest.hex().substr(0, 16);
  return bundle::Encoded{{std::move(body)}, std::move(etag), digest};
}

}  // namespace

bundle::Form form_of(http::Coding coding) {
  switch (coding) {
    case http::Coding::zstd:
      return bundle::Form::zstd;
    case http::Coding::gzip:
      return bundle::Form::gzip;
    case http::Coding::identity:
      break;
  }
  return bundle::Form::identity;
}

std::span<const http::Coding> all_codings() {
  static constexpr std::array codings{http::Coding::zstd, http::Coding::gzip, http::Coding::identity};
  return codings;
}

std::span<const http::Coding> identity_only() {
  static constexpr std::array codings{http::Coding::identity};
  return codings;
}

http::Representation represent(bundle::Encoded encoded, http::Coding coding, bool negotiated) {
  http::Representation representation;
  representation.body = std::move(encoded.body);
  representation.coding = coding;
  representation.validators.etag = '"' + encoded.etag + '"';
  if (negotiated) representation.vary = "accept-encoding";
  representation.repr_digest = encoded.digest;
  return representation;
}

boost::asio::awaitable<http::Response> Documents::text(const http::Request& request, std::string text,
                                                       std::string_view media_type,
                                                       std::string_view cache_control) {
  const bool negotiated = negotiates(text.size(), media_type);
  const auto coding =
      http::negotiate(request.fields.get("accept-encoding"), negotiated ? all_codings() : identity_only());
  if (!coding) co_return not_acceptable();
  const Sha256 hash = sha256(text);
  bundle::Encoded encoded;
  if (*coding == http::Coding::identity) {
    encoded = {{Slice::of(std::move(text))}, hash.hex().substr(0, 32), hash};
  } else {
    const std::string key = std::string(http::token(*coding)) + hash.hex();
    if (auto known = encoded_.get(key)) {
      encoded = std::move(*known);
    } else {
      const Slice plain = Slice::of(std::move(text));
      auto made = co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
        engine_.run([plain, hash, coding = *coding, done = std::move(done)] {
          done(encode_text(plain, hash, coding));
        });
      });
      if (!made) co_return to_problem(made.error());
      encoded = std::move(*made);
      encoded_.put(key, encoded);
    }
  }
  auto representation = represent(std::move(encoded), *coding, negotiated);
  representation.media_type = media_type;
  representation.cache_control = cache_control;
  co_return http::respond(request, std::move(representation));
}

boost::asio::awaitable<http::Response> Documents::made(const http::Request& request, std::string key,
                                                       Make make, std::string_view media_type,
                                                       std::string_view cache_control) {
  key = sha256(key).hex();  // parts of it come from clients
  if (auto known = made_.get(key)) {
    co_return co_await text(request, std::move(*known), media_type, cache_control);
  }
  auto made = co_await await_result<std::string>([&](bundle::Callback<std::string> done) {
    engine_.run([make, done = std::move(done)] { done(make()); });
  });
  if (!made) co_return to_problem(made.error());
  made_.put(key, *made);
  co_return co_await text(request, std::move(*made), media_type, cache_control);
}

boost::asio::awaitable<std::expected<http::Representation, http::Response>> Documents::blob(
    const http::Request& request, const store::Blob& blob, std::string_view media_type,
    std::string_view cache_control) {
  const bool negotiated = negotiates(blob.bytes.size(), media_type);
  const auto coding =
      http::negotiate(request.fields.get("accept-encoding"), negotiated ? all_codings() : identity_only());
  if (!coding) co_return std::unexpected(not_acceptable());
  auto encoded = co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
    engine_.encode(blob, form_of(*coding), std::move(done));
  });
  if (!encoded) co_return std::unexpected(to_problem(encoded.error()));
  auto representation = represent(std::move(*encoded), *coding, negotiated);
  representation.media_type = media_type;
  representation.cache_control = cache_control;
  co_return representation;
}

}  // namespace wheelbarrow::routes
