#include "routes/uploads.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/sha256.hpp"
#include "http/form_data.hpp"
#include "http/problem.hpp"

namespace wheelbarrow::routes {
namespace {

// Of a form beside the wheel: its metadata, with a long description twice.
constexpr std::uint64_t other_parts = std::uint64_t{4} * 1024 * 1024;

const http::FormPart* find_part(const std::vector<http::FormPart>& form, std::string_view name) {
  const auto found = std::ranges::find(form, name, &http::FormPart::name);
  return found == form.end() ? nullptr : &*found;
}

// Fields that say what is uploaded; who leaves one out says nothing wrong.
Result<void> expect(const std::vector<http::FormPart>& form, std::string_view name,
                    std::string_view content) {
  const http::FormPart* const part = find_part(form, name);
  if (part == nullptr || part->content == content) return {};
  return fail(ErrorKind::invalid_input, "only wheels are taken here: '" + std::string(name) + "' must be '" +
                                            std::string(content) + "'");
}

}  // namespace

Result<std::unique_ptr<Uploads>> Uploads::make(UploadOptions options) {
  auto folder = wheelhouse::WheelFolder::open(options.folder);
  if (!folder) return std::unexpected(folder.error());
  std::unique_ptr<Uploads> uploads(new Uploads(std::move(options), std::move(*folder)));
  if (auto read = uploads->reload(); !read) return std::unexpected(read.error());
  return uploads;
}

Result<void> Uploads::reload() {
  auto token = http::BearerToken::read(options_.token);
  if (!token) return std::unexpected(token.error());
  token_ = std::make_shared<const http::BearerToken>(*token);
  return {};
}

bool Uploads::is_meant(const http::Request& request) {
  return request.method == "POST" && (request.path == "/legacy/" || request.path == "/legacy");
}

std::expected<std::shared_ptr<http::BodyFile>, http::Response> Uploads::receive(
    const http::Request& request) const {
  // A browser adds it, and may add a remembered password as well for any page that sends a form here.
  if (request.fields.has("origin"))
    return std::unexpected(http::problem(403, "wheels are uploaded by tools, not from pages"));
  const auto token = token_.load();
  if (!token->is_password(request) && !token->is_shown(request)) {
    http::Response response =
        http::problem(401, "uploading needs a token: user __token__ and the token as the password");
    response.fields.set("www-authenticate", R"(Basic realm="wheelbarrow", charset="UTF-8")");
    return std::unexpected(std::move(response));
  }
  auto file = http::BodyFile::make(options_.scratch, options_.max_size + other_parts);
  if (file) return std::move(*file);
  spdlog::error("request failed  path={} reason={}", request.path, file.error().text());
  return std::unexpected(http::problem(507, "the server has no room for uploads; its log says why"));
}

Result<wheelhouse::WheelFolder::Added> Uploads::take(const Slice& form, std::string_view content_type) const {
  const auto parts = http::parse_form_data(form.text(), content_type);
  if (!parts) return std::unexpected(parts.error());
  for (const auto& [name, content] : {std::pair(":action", "file_upload"), std::pair("protocol_version", "1"),
                                      std::pair("filetype", "bdist_wheel")}) {
    if (auto expected = expect(*parts, name, content); !expected) return std::unexpected(expected.error());
  }
  const http::FormPart* const wheel = find_part(*parts, "content");
  if (wheel == nullptr || !wheel->filename)
    return fail(ErrorKind::invalid_input, "the form has no file named 'content'");
  if (wheel->content.size() > options_.max_size) {
    return fail(ErrorKind::limit,
                "wheels of at most " + std::to_string(options_.max_size) + " bytes are taken here",
                *wheel->filename);
  }
  if (const http::FormPart* const digest = find_part(*parts, "sha256_digest");
      digest != nullptr && Sha256::from_hex(digest->content) != sha256(wheel->content)) {
    return fail(ErrorKind::invalid_input, "what arrived has another SHA-256 than the form says",
                *wheel->filename);
  }
  auto added = folder_.add(*wheel->filename, wheel->content, options_.limits);
  // What is wrong with the wheel is the sender's to mend.
  if (!added && added.error().kind == ErrorKind::corrupt) added.error().kind = ErrorKind::invalid_input;
  return added;
}

}  // namespace wheelbarrow::routes
