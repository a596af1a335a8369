#include "app/doctor.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

#include "app/decoding.hpp"
#include "http/negotiation.hpp"
#include "http/url.hpp"

namespace wheelbarrow::app {
namespace json = boost::json;
namespace {

constexpr std::string_view index_json = "application/vnd.pypi.simple.v1+json";

std::string field(const Fetched& answer, std::string_view name) {
  return answer.fields.get(name).value_or("");
}

std::string said(const Fetched& answer) {
  return "status " + std::to_string(answer.status);
}

Finding ok(std::string check, std::string what) {
  return {std::move(check), false, std::move(what), ""};
}

Finding broken(std::string check, std::string what, std::string remedy) {
  return {std::move(check), true, std::move(what), std::move(remedy)};
}

// Whether a comma-separated field lists a word, in any case; a directive's value doesn't matter.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view item = list.substr(0, std::min(comma, list.find('=')));
    list.remove_prefix(std::min(comma + 1, list.size()));
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    item = item.substr(0, item.find_last_not_of(' ') + 1);
    if (std::ranges::equal(item, word, [](char a, char b) { return (a | 0x20) == (b | 0x20); })) return true;
  }
  return false;
}

// The number of a Cache-Control directive; nothing if it isn't there.
std::optional<long> seconds_of(std::string_view list, const std::string& directive) {
  const std::size_t place = list.find(directive + '=');
  if (place == std::string_view::npos) return std::nullopt;
  long seconds = 0;
  const char* const begin = list.data() + place + directive.size() + 1;
  const auto [end, error] = std::from_chars(begin, list.data() + list.size(), seconds);
  return error == std::errc{} ? std::optional(seconds) : std::nullopt;
}

bool is_strong(std::string_view etag) {
  return etag.size() > 2 && etag.starts_with('"') && etag.ends_with('"');
}

std::string base64_field(const Sha256& sha256) {
  return ':' + sha256.base64() + ':';
}

// The body's JSON, in whichever coding it came.
std::optional<json::object> object_in(const Fetched& answer) {
  const auto text = decode(field(answer, "content-encoding"), answer.body, HttpClient::max_body);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  json::value value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_at(const json::value& value, std::string_view pointer) {
  boost::system::error_code error;
  const json::value* const found = value.find_pointer(pointer, error);
  return !error && found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
}

// Why a field of caching isn't what a server like this sends, for an answer that may be kept so long.
std::optional<Finding> caching_fault(const Fetched& answer, const std::string& of, long least) {
  static const std::string remedy =
      "let the server's Cache-Control through as it is (nginx: no expires, add_header Cache-Control or "
      "proxy_hide_header for this location), unless its own --cache-control says so";
  const std::string control = field(answer, "cache-control");
  const auto lines = std::ranges::count(answer.fields, "cache-control", &http::Fields::Field::name);
  const auto found = [&](const std::string& what) { return broken("caching", of + ": " + what, remedy); };
  if (control.empty()) return found("Cache-Control is missing");
  if (lines > 1) return found("Cache-Control is there " + std::to_string(lines) + " times: " + control);
  if (lists(control, "no-store") || lists(control, "no-cache"))
    return found("Cache-Control forbids to keep it: " + control);
  if (seconds_of(control, "max-age").value_or(-1) < least)
    return found("Cache-Control keeps it for less than " + std::to_string(least) + " s: " + control);
  for (const char* name : {"expires", "pragma", "set-cookie"}) {
    if (answer.fields.has(name)) return found(std::string("the field ") + name + " was added");
  }
  return std::nullopt;
}

}  // namespace

Result<Fetched> Doctor::get(const std::string& path, FieldList fields, const char* method) {
  fields.insert(fields.end(), always_.begin(), always_.end());
  return client_.fetch(base_ + path, fields, method);
}

Result<Finding> Doctor::try_set(const std::vector<std::string>& requirements) {
  requirements_ = requirements;
  query_.clear();
  std::string names;
  for (const std::string& requirement : requirements) {
    query_ += (query_.empty() ? "r=" : "&r=") + http::percent_encode(requirement);
    names += (names.empty() ? "" : ", ") + requirement;
  }
  auto answer = get("/resolve?" + query_);
  if (!answer) return std::unexpected(answer.error());
  const auto resolved = object_in(*answer);
  if (answer->status != 200 || !resolved) {
    const std::string detail = resolved ? text_at(*resolved, "/detail") : "";
    return fail(ErrorKind::not_found,
                "/resolve answers " + names + " with " + said(*answer) +
                    (detail.empty() ? " and no JSON: is this a wheelbarrow?" : ": " + detail),
                base_);
  }
  const auto hash = Sha256::from_hex(text_at(*resolved, "/bundle/sha256"));
  if (!hash) return fail(ErrorKind::not_found, "/resolve names no bundle: is this a wheelbarrow?", base_);
  sha256_ = *hash;
  bundle_ = "/bundles/" + hash->hex() + ".tar";
  return ok("answers", "over " + answer->version + "; asking for " + names);
}

Result<Finding> Doctor::find_set(const std::vector<std::string>& requirements) {
  constexpr std::size_t most_tries = 20;
  if (!requirements.empty()) return try_set(requirements);
  auto index = get("/simple/?format=" + http::percent_encode(index_json));
  if (!index) return std::unexpected(index.error());
  const auto list = object_in(*index);
  const auto* const projects = list ? list->if_contains("projects") : nullptr;
  if (index->status != 200 || projects == nullptr || !projects->is_array()) {
    return fail(ErrorKind::not_found,
                "/simple/ is no package index (" + said(*index) + "): is this a wheelbarrow?", base_);
  }
  std::size_t tries = 0;
  for (const json::value& project : projects->as_array()) {
    if (++tries > most_tries) break;
    auto found = try_set({text_at(project, "/name")});
    if (found || found.error().kind != ErrorKind::not_found) return found;
  }
  return fail(ErrorKind::not_found, "none of the first projects can be had alone; name a set with -r", base_);
}

std::string Doctor::fresh_query() {
  std::random_device random;
  // Blanks around a requirement mean nothing.
  std::string query;
  for (const std::string& requirement : requirements_) {
    query += (query.empty() ? "r=" : "&r=") + std::string(random() % 64, '+') +
             http::percent_encode(requirement) + std::string(1 + random() % 64, '+');
  }
  return query;
}

Result<Finding> Doctor::links() {
  const auto answer = get("/resolve?" + query_);
  if (!answer) return std::unexpected(answer.error());
  const auto resolved = object_in(*answer);
  const std::string url = resolved ? text_at(*resolved, "/bundle/url") : "";
  if (url == base_ + bundle_) return ok("links", "lead back here");
  return broken(
      "links", "lead to " + url + ", not here",
      "pass the public address on (nginx: proxy_set_header Host $http_host; or X-Forwarded-Host, -Proto and "
      "-Prefix with --trusted-proxy), or set --base-url " +
          base_);
}

Result<Finding> Doctor::forgery() {
  static const std::string forged = "doctor.invalid";
  const auto answer = get("/resolve?" + fresh_query(), {{"x-forwarded-host", forged},
                                                        {"x-forwarded-prefix", "/" + forged},
                                                        {"forwarded", "for=192.0.2.1;host=" + forged}});
  if (!answer) return std::unexpected(answer.error());
  if (answer->body.find(forged) == std::string::npos)
    return ok("forgery", "what a client says of the public address is not believed");
  return broken(
      "forgery", "a client's own X-Forwarded-* or Forwarded decides on the links that others get",
      "have the proxy set each of X-Forwarded-Host, -Proto, -Port, -Prefix and -For, or remove it, and set "
      "--forwarded to the kind that it writes");
}

Result<Finding> Doctor::bytes() {
  const auto answer = get("/bundle?" + query_, {{"accept-encoding", "identity"}});
  if (!answer) return std::unexpected(answer.error());
  size_ = answer->body.size();
  const std::string coding = field(*answer, "content-encoding");
  if (answer->status == 200 && coding.empty() && sha256(answer->body) == sha256_)
    return ok("bytes", std::to_string(size_) + ", with the SHA-256 that they should have");
  if (!coding.empty()) {
    return broken("bytes", "come as " + coding + " although only identity was asked for",
                  "pass Accept-Encoding on as it comes (Caddy: compression off in its transport)");
  }
  return broken("bytes", said(*answer) + ", " + std::to_string(size_) + " bytes, not those of the bundle",
                "let the body through as it is");
}

Result<Finding> Doctor::codings() {
  for (const std::string coding : {"zstd", "gzip"}) {
    const auto answer = get("/bundle?" + query_, {{"accept-encoding", coding}});
    if (!answer) return std::unexpected(answer.error());
    const std::string got = field(*answer, "content-encoding");
    const auto found = [&](const std::string& what, const std::string& remedy) {
      return broken("codings", std::string(coding).append(": ").append(what), remedy);
    };
    if (answer->status != 200) return found(said(*answer), "let Accept-Encoding through");
    if (got != coding) {
      return found(
          "asked for, but got " + (got.empty() ? "identity" : got),
          "pass Accept-Encoding on as it comes (nginx: no proxy_set_header Accept-Encoding; Varnish: "
          "-p http_gzip_support=off) and Content-Encoding back");
    }
    const std::string etag = field(*answer, "etag");
    const std::string digest = field(*answer, "repr-digest");
    const bool same_bytes = digest.empty() || digest == "sha-256=" + base64_field(sha256(answer->body));
    if (!same_bytes || etag.find('-' + coding + '-') == std::string::npos) {
      return found("compressed by somebody else (ETag " + (etag.empty() ? "missing" : etag) + ")",
                   "turn compression off for this server (nginx: gzip off)");
    }
    const auto content = decode(coding, answer->body, HttpClient::max_body);
    if (!content || sha256(*content) != sha256_)
      return found("what comes is not the bundle", "let coded bodies through as they are");
  }
  return ok("codings", "zstd and gzip come as the server made them");
}

Result<Finding> Doctor::vary() {
  const auto answer = get("/bundle?" + query_, {{"accept-encoding", "zstd"}});
  if (!answer) return std::unexpected(answer.error());
  const std::string vary = field(*answer, "vary");
  for (const char* name : {"accept-encoding", "available-dictionary"}) {
    if (lists(vary, name)) continue;
    return broken("vary", "doesn't name " + std::string(name) + (vary.empty() ? "" : ": " + vary),
                  "let Vary through; without it a cache gives one client the other's coding (nginx: no "
                  "proxy_hide_header Vary)");
  }
  return ok("vary", "names what answers depend on");
}

Result<Finding> Doctor::caching() {
  constexpr long day = 86'400;
  const auto pinned = get(bundle_, {{"accept-encoding", "zstd"}}, "HEAD");
  if (!pinned) return std::unexpected(pinned.error());
  if (auto fault = caching_fault(*pinned, "a bundle by its hash", day)) return std::move(*fault);
  const auto asked = get("/bundle?" + query_, {{"accept-encoding", "zstd"}}, "HEAD");
  if (!asked) return std::unexpected(asked.error());
  if (auto fault = caching_fault(*asked, "a bundle by its requirements", 1)) return std::move(*fault);
  return ok("caching", "Cache-Control comes as the server says it");
}

Result<Finding> Doctor::conditions() {
  const FieldList zstd = {{"accept-encoding", "zstd"}};
  const auto first = get(bundle_, zstd, "HEAD");
  if (!first) return std::unexpected(first.error());
  const std::string etag = field(*first, "etag");
  if (!is_strong(etag)) {
    return broken("etag", etag.empty() ? "is missing" : "is a weak one: " + etag,
                  "let ETag through; what compresses or rewrites on the way weakens it");
  }
  const auto again = get(bundle_, {zstd.front(), {"if-none-match", etag}});
  if (!again) return std::unexpected(again.error());
  if (again->status == 304 && field(*again, "etag") == etag)
    return ok("etag", "is strong, and what has not changed is 304");
  return broken("etag", "what has not changed is answered by " + said(*again) + " instead of 304",
                "let If-None-Match and ETag through");
}

Result<Finding> Doctor::ranges() {
  static const std::string remedy =
      "let Range, If-Range and Content-Range through (nginx: no proxy_set_header Range, no max_ranges 0)";
  for (const std::string coding : {"identity", "zstd"}) {
    const auto whole = get(bundle_, {{"accept-encoding", coding}});
    if (!whole) return std::unexpected(whole.error());
    const std::size_t last = std::min<std::size_t>(whole->body.size(), 1000) - 1;
    const auto piece = get(bundle_, {{"accept-encoding", coding},
                                     {"range", "bytes=1-" + std::to_string(last)},
                                     {"if-range", field(*whole, "etag")}});
    if (!piece) return std::unexpected(piece.error());
    const std::string expected = "bytes 1-" + std::to_string(last) + '/' + std::to_string(whole->body.size());
    // A better form may have taken this one's place in between, under another ETag.
    if (piece->status == 200 && field(*piece, "etag") != field(*whole, "etag") && coding != "identity")
      continue;
    if (piece->status != 206 || field(*piece, "content-range") != expected) {
      return broken("ranges",
                    coding + ": a range is answered by " + said(*piece) +
                        " instead of 206, so what broke off "
                        "begins anew",
                    remedy);
    }
    if (piece->body != whole->body.substr(1, last))
      return broken("ranges", coding + ": a range has other bytes than the whole", remedy);
  }
  return ok("ranges", "are answered, coded or not");
}

Result<Finding> Doctor::dictionaries() {
  constexpr int patience = 80;  // tries, a quarter of a second apart: a delta is made in the background
  const auto answer = get("/bundle?" + query_, {{"accept-encoding", "zstd"}});
  if (!answer) return std::unexpected(answer.error());
  if (size_ > std::size_t{100} * 1024 * 1024)
    return ok("dictionaries", "not for bundles this large; name a smaller one with -r");
  const std::string offered = field(*answer, "use-as-dictionary");
  if (offered.empty()) {
    return broken("dictionaries", "Use-As-Dictionary is missing",
                  "let it through: browsers use it to download only what changed");
  }
  if (offered.find('"' + std::string(http::path_of(base_)) + "/bundle*\"") == std::string::npos) {
    return broken("dictionaries", "are for other addresses: " + offered,
                  "tell the server where it is: --base-url " + base_ + ", or X-Forwarded-Prefix");
  }
  for (int i = 0; i < patience; ++i) {
    const auto delta = get("/bundle?" + query_, {{"accept-encoding", "zstd, dcz"},
                                                 {"available-dictionary", base64_field(sha256_)}});
    if (!delta) return std::unexpected(delta.error());
    if (field(*delta, "content-encoding") == "dcz") {
      if (lists(field(*delta, "cache-control"), "private")) return ok("dictionaries", "are offered and used");
      return broken("dictionaries", "what was made for one client may be kept for all",
                    "let the server's Cache-Control through");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  return broken("dictionaries", "a client that has one gets the whole again",
                "let Available-Dictionary and the coding dcz through; a cache has to pass such requests on");
}

Result<Finding> Doctor::cors() {
  static const std::string remedy =
      "let Access-Control-*, Cross-Origin-Resource-Policy and OPTIONS through, and add none";
  const FieldList origin = {{"origin", "https://doctor.invalid"}, {"accept-encoding", "zstd"}};
  for (const std::string& path : {"/bundle?" + query_, std::string("/bundles/none.tar")}) {
    const auto answer = get(path, origin);
    if (!answer) return std::unexpected(answer.error());
    const std::string allowed = field(*answer, "access-control-allow-origin");
    const std::string of = answer->status == 200 ? "a bundle" : "an error";
    if (allowed != "*") return broken("cors", of + " has another Access-Control-Allow-Origin than *", remedy);
    if (field(*answer, "cross-origin-resource-policy") != "cross-origin")
      return broken("cors", of + " has no Cross-Origin-Resource-Policy: cross-origin", remedy);
    if (!lists(field(*answer, "access-control-expose-headers"), "content-location"))
      return broken("cors", of + " has no Access-Control-Expose-Headers", remedy);
  }
  const auto preflight = get("/bundle?" + query_,
                             {{"origin", "https://doctor.invalid"},
                              {"access-control-request-method", "GET"},
                              {"access-control-request-headers", "range"}},
                             "OPTIONS");
  if (!preflight) return std::unexpected(preflight.error());
  if (preflight->status > 299 || !lists(field(*preflight, "access-control-allow-headers"), "range"))
    return broken("cors", "a preflight (OPTIONS) is answered by " + said(*preflight), remedy);
  return ok("cors", "pages of other origins may read everything");
}

Result<Finding> Doctor::errors() {
  const auto answer = get("/bundles/none.tar");
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 404 || field(*answer, "content-type") != "application/problem+json") {
    return broken("errors",
                  "come as " + said(*answer) + ", " + field(*answer, "content-type") +
                      ", not as the server's application/problem+json",
                  "let error pages through (nginx: proxy_intercept_errors off)");
  }
  if (!lists(field(*answer, "cache-control"), "no-store"))
    return broken("errors", "may be kept by caches", "let the server's Cache-Control through");
  return ok("errors", "come with what to do about them");
}

Result<Finding> Doctor::long_addresses() {
  constexpr std::size_t length = 7000;  // what a set of some hundred requirements takes
  const auto answer = get("/resolve?" + std::string(length, 'x'));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 400 && field(*answer, "content-type") == "application/problem+json")
    return ok("addresses", "of " + std::to_string(length) + " bytes get through");
  return broken("addresses", "of " + std::to_string(length) + " bytes don't get through: " + said(*answer),
                "allow long requests (nginx: large_client_header_buffers 4 32k)");
}

Result<Finding> Doctor::buffering() {
  using Seconds = std::chrono::duration<double>;
  constexpr Seconds noticeable{0.5};
  const auto small = get("/bundles/none.tar");
  if (!small) return std::unexpected(small.error());
  const auto whole = get("/bundle?" + fresh_query(), {{"accept-encoding", "identity"}});
  if (!whole) return std::unexpected(whole.error());
  // Beyond what any answer from there takes.
  const Seconds wait = whole->first - std::min<Seconds>(small->elapsed, whole->first);
  char times[96];
  std::snprintf(times, sizeof times, "first byte after %.2f s, last after %.2f s", whole->first.count(),
                whole->elapsed.count());
  if (wait < noticeable || wait < whole->elapsed / 2) return ok("buffering", times);
  return broken("buffering", std::string(times) + ": the whole body is collected on the way",
                "pass bodies on as they come (nginx: proxy_buffering off; Varnish: beresp.do_stream = true)");
}

std::vector<Finding> Doctor::examine() {
  using Check = std::pair<const char*, Result<Finding> (Doctor::*)()>;
  static constexpr Check checks[] = {
      {"links", &Doctor::links},
      {"forgery", &Doctor::forgery},
      {"bytes", &Doctor::bytes},
      {"codings", &Doctor::codings},
      {"vary", &Doctor::vary},
      {"caching", &Doctor::caching},
      {"etag", &Doctor::conditions},
      {"ranges", &Doctor::ranges},
      {"dictionaries", &Doctor::dictionaries},
      {"cors", &Doctor::cors},
      {"errors", &Doctor::errors},
      {"addresses", &Doctor::long_addresses},
      {"buffering", &Doctor::buffering},
  };
  std::vector<Finding> findings;
  findings.reserve(std::size(checks));
  for (const auto& [name, check] : checks) {
    auto finding = (this->*check)();
    findings.push_back(finding ? std::move(*finding)
                               : broken(name, finding.error().message, "see why the connection ends"));
  }
  return findings;
}

}  // namespace wheelbarrow::app
