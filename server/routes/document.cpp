#include "routes/document.hpp"

#include <array>
#include <utility>
#include <vector>

#include "http/conditional.hpp"
#include "http/media_type.hpp"
#include "routes/await.hpp"
#include "routes/errors.hpp"

namespace wheelbarrow::routes {
namespace {

constexpr std::size_t worth_compressing = 512;  // bytes; less fits a packet either way
constexpr std::size_t short_text = 32 << 10;    // bytes

// What a text is called as one representation of its resource: strong ETags differ where only the media type
// does (RFC 9110 8.8.1).
Sha256 name_of(const Sha256& content, std::string_view media_type) {
  return sha256(content.hex() + std::string(media_type));
}

Result<bundle::Encoded> encode_text(const Slice& text, const Sha256& name, http::Coding coding) {
  auto coded = bundle::compress(text.bytes, form_of(coding), bundle::Effort::fast);
  if (!coded) return std::unexpected(coded.error());
  Slice body = Slice::of(std::move(*coded));
  const Sha256 digest = sha256(body.bytes);
  // The coded bytes depend on the compressor, so they name themselves.
  std::string etag =
      name.hex().substr(0, 16) + '-' + std::string(http::token(coding)) + '-' + digest.hex().substr(0, 16);
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
    case http::Coding::br:
    case http::Coding::dcz:
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

std::optional<std::string> stored_form(const http::Request& request, const Sha256& content) {
  const auto field = request.fields.get("if-none-match");
  if (!field || request.fields.has("if-match")) return std::nullopt;
  const std::string start = '"' + content.hex().substr(0, 16) + '-';  // see Encoded::etag
  const std::size_t begin = field->find(start);
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t end = field->find('"', begin + 1);
  if (end == std::string::npos) return std::nullopt;
  std::string tag = field->substr(begin, end + 1 - begin);
  for (const http::Coding coding :
       {http::Coding::dcz, http::Coding::br, http::Coding::zstd, http::Coding::gzip}) {
    if (tag.substr(start.size()).starts_with(std::string(http::token(coding)) + '-') &&
        http::accepts(request.fields.get("accept-encoding"), coding)) {
      return tag;
    }
  }
  return std::nullopt;
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
                                                       std::string_view media_type, const Caching& caching) {
  const bool negotiated = text.size() >= worth_compressing && http::is_compressible(media_type);
  const auto coding =
      http::negotiate(request.fields.get("accept-encoding"), negotiated ? all_codings() : identity_only());
  if (!coding) co_return not_acceptable();
  const Sha256 content = sha256(text);
  const Sha256 name = name_of(content, media_type);
  bundle::Encoded encoded;
  if (*coding == http::Coding::identity) {
    encoded = {{Slice::of(std::move(text))}, name.hex().substr(0, 32), content};
  } else {
    const std::string key = std::string(http::token(*coding)) + name.hex();
    if (auto known = encoded_.get(key)) {
      encoded = std::move(*known);
    } else {
      const Slice plain = Slice::of(std::move(text));
      auto made = co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
        const auto accepted =
            engine_.run([plain, name, coding = *coding, done] { done(encode_text(plain, name, coding)); });
        if (!accepted) done(std::unexpected(accepted.error()));
      });
      if (!made) co_return to_problem(made.error());
      encoded = std::move(*made);
      encoded_.put(key, encoded);
    }
  }
  auto representation = represent(std::move(encoded), *coding, negotiated);
  representation.media_type = media_type;
  caching.write(representation);
  co_return http::respond(request, std::move(representation));
}

boost::asio::awaitable<http::Response> Documents::made(const http::Request& request, std::string key,
                                                       Make make, std::string_view media_type,
                                                       const Caching& caching) {
  key = sha256(key).hex();  // parts of it come from clients
  for (auto* cache : {&made_short_, &made_}) {
    if (auto known = cache->get(key)) {
      co_return co_await text(request, std::move(*known), media_type, caching);
    }
  }
  auto made = co_await await_result<std::string>([&](bundle::Callback<std::string> done) {
    if (const auto accepted = engine_.run([make, done] { done(make()); }); !accepted) {
      done(std::unexpected(accepted.error()));
    }
  });
  if (!made) co_return to_problem(made.error());
  (made->size() <= short_text ? made_short_ : made_).put(key, *made);
  co_return co_await text(request, std::move(*made), media_type, caching);
}

boost::asio::awaitable<std::expected<http::Representation, http::Response>> Documents::blob(
    const http::Request& request, const store::Blob& blob, std::string_view media_type, bool compressible,
    const Caching& caching) {
  if (auto tag = stored_form(request, blob.sha256)) {
    http::Representation stored;
    stored.media_type = media_type;
    caching.write(stored);
    stored.validators.etag = std::move(*tag);
    stored.vary = "accept-encoding";
    if (http::evaluate_preconditions(request.fields, stored.validators) == http::Precondition::not_modified) {
      co_return std::unexpected(http::respond(request, std::move(stored)));
    }
  }
  const bool negotiated = compressible && blob.bytes.size() >= worth_compressing;
  const auto accepted = request.fields.get("accept-encoding");
  auto solid = negotiated && http::accepts(accepted, http::Coding::br) ? engine_.solid(blob) : std::nullopt;
  const auto codings = negotiated ? all_codings() : identity_only();
  std::vector<http::Coding> available;
  if (solid) available.push_back(http::Coding::br);
  available.insert(available.end(), codings.begin(), codings.end());
  auto coding = http::negotiate(accepted, available);
  if (!coding) co_return std::unexpected(not_acceptable());
  Result<bundle::Encoded> encoded;
  if (*coding == http::Coding::br) {
    encoded = std::move(*solid);
  } else {
    encoded = co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
      engine_.encode(blob, form_of(*coding), std::move(done));
    });
  }
  // A full disk takes no new form; the file is there.
  if (!encoded && encoded.error().kind == ErrorKind::io && http::negotiate(accepted, identity_only())) {
    coding = http::Coding::identity;
    encoded = co_await await_result<bundle::Encoded>([&](bundle::Callback<bundle::Encoded> done) {
      engine_.encode(blob, bundle::Form::identity, std::move(done));
    });
  }
  if (!encoded) co_return std::unexpected(to_problem(encoded.error()));
  auto representation = represent(std::move(*encoded), *coding, negotiated);
  representation.media_type = media_type;
  caching.write(representation);
  co_return representation;
}

}  // namespace wheelbarrow::routes
