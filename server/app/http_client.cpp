#include "app/http_client.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace wheelbarrow::app {
namespace {

using Clock = std::chrono::steady_clock;

struct Arriving {
  Fetched answer;
  Clock::time_point begin = Clock::now();
  bool too_large = false;
};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

std::size_t take_line(char* data, std::size_t size, std::size_t count, void* user) {
  Fetched& answer = static_cast<Arriving*>(user)->answer;
  const std::string_view line(data, size * count);
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    // Of an interim response (RFC 9110 15.2), nothing stays.
    answer.fields.clear();
    answer.version = line.substr(0, line.find(' '));
  } else if (colon != std::string_view::npos && colon > 0) {
    answer.fields.add(lower_case(line.substr(0, colon)), without_blanks(line.substr(colon + 1)));
  }
  return line.size();
}

std::size_t take_bytes(char* data, std::size_t size, std::size_t count, void* user) {
  auto& arriving = *static_cast<Arriving*>(user);
  std::string& body = arriving.answer.body;
  if (body.empty()) arriving.answer.first = Clock::now() - arriving.begin;
  arriving.too_large = body.size() + size * count > HttpClient::max_body;
  if (arriving.too_large) return 0;
  body.append(data, size * count);
  return size * count;
}

}  // namespace

HttpClient::HttpClient(Options options)
    : options_(std::move(options)), curl_(curl_easy_init(), &curl_easy_cleanup) {
  if (!curl_) std::abort();  // out of memory, before anything was begun
}

Result<Fetched> HttpClient::fetch(const std::string& url, const FieldList& fields, const char* method) {
  constexpr long connect_seconds = 10;
  constexpr long stalled_seconds = 60;
  CURL* const curl = curl_.get();
  curl_easy_reset(curl);
  curl_slist* list = nullptr;
  for (const auto& [name, value] : fields) {
    const std::string line = std::string(name).append(": ").append(value);
    curl_slist* const longer = curl_slist_append(list, line.c_str());
    if (longer != nullptr) list = longer;
  }
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owner(list, &curl_slist_free_all);
  Arriving arriving;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_NOBODY, std::string_view(method) == "HEAD" ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "wheelbarrow-doctor/" WHEELBARROW_VERSION);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stalled_seconds);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_line);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &arriving);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &arriving);
  if (!options_.certificates.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.certificates.c_str());
  if (options_.believe_all) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  arriving.begin = Clock::now();
  const CURLcode code = curl_easy_perform(curl);
  arriving.answer.elapsed = Clock::now() - arriving.begin;
  if (arriving.too_large) {
    return fail(ErrorKind::limit, "the answer is larger than 256 MiB; name a smaller set with -r", url);
  }
  if (code != CURLE_OK)
    return fail(ErrorKind::io, std::string("no answer: ") + curl_easy_strerror(code), url);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  arriving.answer.status = static_cast<unsigned>(status);
  return std::move(arriving.answer);
}

}  // namespace wheelbarrow::app
