#include "http/nghttp2_handle.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "http/http2_callbacks.hpp"

namespace wheelbarrow::http {
namespace {

struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

std::unique_ptr<nghttp2_option, OptionDeleter> make_options(const Limits& limits) {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) return nullptr;
  nghttp2_option_set_max_outbound_ack(option, 1000);
  nghttp2_option_set_max_settings(option, 32);
  nghttp2_option_set_max_continuations(option, limits.max_continuations);
  // Resets are counted here, with those that the client makes the server send; nghttp2's own count must not
  // come first, because it doesn't say why.
  nghttp2_option_set_stream_reset_rate_limit(option, 2 * std::uint64_t{limits.max_resets} + 1000,
                                             limits.max_resets);
  // Closed streams are kept only for the priorities of RFC 7540, which RFC 9113 dropped.
  nghttp2_option_set_no_closed_streams(option, 1);
  // A client sends no more of a body than the disk takes.
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_builtin_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
  return std::unique_ptr<nghttp2_option, OptionDeleter>(option);
}

}  // namespace

Nghttp2Handle make_nghttp2(Http2Session& owner, const Limits& limits) {
  const auto callbacks = Http2Callbacks::make();
  const auto options = make_options(limits);
  nghttp2_session* made = nullptr;
  if (!callbacks || !options ||
      nghttp2_session_server_new2(&made, callbacks.get(), &owner, options.get()) != 0) {
    return nullptr;
  }
  Nghttp2Handle session(made);
  const std::size_t list_size = std::min<std::size_t>(limits.max_header_list + limits.max_target, UINT32_MAX);
  const auto settings = std::to_array<nghttp2_settings_entry>({
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(list_size)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},  // RFC 9218 2.1
  });
  if (nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0) return nullptr;
  return session;
}

}  // namespace wheelbarrow::http
