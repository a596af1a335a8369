#include <openssl/crypto.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "http/tls.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;

// OpenSSL's own memory BIO would do, but it copies each way once more and clears its memory on every reset.
const BIO_METHOD* TlsTransport::bio_method() {
  struct Method {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wheelbarrow");
    Method() {
      BIO_meth_set_read(method, &TlsTransport::bio_read);
      BIO_meth_set_write(method, &TlsTransport::bio_write);
      BIO_meth_set_ctrl(method, &TlsTransport::bio_control);
    }
    Method(const Method&) = delete;
    Method& operator=(const Method&) = delete;
    ~Method() { BIO_meth_free(method); }
  };
  static const Method instance;
  return instance.method;
}

int TlsTransport::bio_read(BIO* bio, char* data, int size) {
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.incoming_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t length = std::min(self.incoming_.size(), static_cast<std::size_t>(size));
  std::memcpy(data, self.incoming_.data(), length);
  self.incoming_.remove_prefix(length);
  return static_cast<int>(length);
}

int TlsTransport::bio_write(BIO* bio, const char* data, int size) {
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  // What OpenSSL sends of its own accord after the handshake goes by see_message().
  if (!self.sealer_) self.outgoing_.append(data, static_cast<std::size_t>(size));
  return size;
}

long TlsTransport::bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsTransport::TlsTransport(Socket socket, Scratch& scratch, SSL_CTX& context)
    : Transport(std::move(socket), scratch, 256 * 1024), context_(&context), ssl_(SSL_new(&context)) {
  BIO* bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr) {
    ended_ = true;
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes the BIO
  SSL_set_accept_state(ssl_.get());
  SSL_set_msg_callback(ssl_.get(), see_message);
  SSL_set_msg_callback_arg(ssl_.get(), this);
}

asio::awaitable<bool> TlsTransport::handshake() {
  while (!ended_) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    const int reason = SSL_get_error(ssl_.get(), result);
    // Application data may follow the client's last flight in the same segment.
    held_ = incoming_;
    incoming_ = {};
    const bool sent = co_await flush();
    if (!sent) co_return false;
    if (result == 1) {
      take_over();
      co_return true;
    }
    if (reason != SSL_ERROR_WANT_READ) co_return false;
    incoming_ = co_await receive();
    if (incoming_.empty()) co_return false;
  }
  co_return false;
}

bool TlsTransport::chose_http2() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return std::string_view(reinterpret_cast<const char*>(name), length) == "h2";
}

std::string_view TlsTransport::decrypt() {
  auto& plain = scratch().decrypted;
  std::size_t size = 0;
  while (size < plain.size()) {
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), plain.data() + size, static_cast<int>(plain.size() - size));
    if (result > 0) {
      size += static_cast<std::size_t>(result);
      continue;
    }
    // Anything but "more, please" is the client's close_notify or a broken record.
    if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) ended_ = true;
    break;
  }
  return {plain.data(), size};
}

asio::awaitable<std::string_view> TlsTransport::read() {
  if (!held_.empty()) {
    incoming_ = held_;
    const std::string_view plain = decrypt();
    held_.clear();
    held_.shrink_to_fit();
    if (!plain.empty()) co_return plain;
  }
  while (!ended_) {
    incoming_ = co_await receive();
    if (incoming_.empty()) break;
    const std::string_view plain = decrypt();
    if (!plain.empty()) co_return plain;
  }
  // The alert that says what was wrong. While a write is under way, it goes with the next one, if there is
  // one.
  if (ended_ && !writing_) co_await flush();
  co_return std::string_view{};
}

// OpenSSL prints five secrets of a handshake, a byte at a time: 25 us, of 400 for a connection. So a
// handshake uses this context only from where it has sent its last message to where it prints the one that
// is of use, behind one other. By then nothing in it depends on a context's certificate any more.
SSL_CTX* TlsTransport::secrets_context() {
  static const TlsContext context = [] {
    TlsContext made(SSL_CTX_new(TLS_server_method()));
    if (made) SSL_CTX_set_keylog_callback(made.get(), take_secret);
    return made;
  }();
  return context.get();
}

void TlsTransport::take_secret(const SSL* ssl, const char* line) {
  // "SERVER_TRAFFIC_SECRET_0 <client random> <secret>", both in hexadecimal (SSL_CTX_set_keylog_callback(3)).
  static constexpr std::string_view label = "SERVER_TRAFFIC_SECRET_0 ";
  const std::string_view text(line);
  if (!text.starts_with(label)) return;
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(SSL_get_wbio(ssl)));
  const std::string_view digits = text.substr(text.rfind(' ') + 1);
  const auto value = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); };
  self.secret_.reserve(digits.size() / 2);  // so that no copies stay behind
  self.secret_.clear();
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    self.secret_.push_back(static_cast<std::uint8_t>(value(digits[i]) * 16 + value(digits[i + 1])));
  }
  SSL_set_SSL_CTX(self.ssl_.get(), self.context_);
}

void TlsTransport::take_over() {
  if (SSL_version(ssl_.get()) == TLS1_3_VERSION && !secret_.empty()) {
    sealer_ = RecordSealer::make(*SSL_get_current_cipher(ssl_.get()), secret_);
  }
  OPENSSL_cleanse(secret_.data(), secret_.size());
  secret_.clear();
}

void TlsTransport::see_message(int is_sent, int /*version*/, int content_type, const void* data,
                               std::size_t size, SSL* ssl, void* transport) {
  auto& self = *static_cast<TlsTransport*>(transport);
  if (is_sent == 0 || (content_type != SSL3_RT_ALERT && content_type != SSL3_RT_HANDSHAKE)) return;
  const std::string_view message(static_cast<const char*>(data), size);
  if (!self.sealer_) {
    const bool is_last = content_type == SSL3_RT_HANDSHAKE && message.starts_with(char{SSL3_MT_FINISHED});
    if (is_last && SSL_version(ssl) == TLS1_3_VERSION && secrets_context() != nullptr)
      SSL_set_SSL_CTX(ssl, secrets_context());
    return;
  }
  bool good = self.seal_message(static_cast<ContentType>(content_type), message);
  // The client has asked for new keys, and OpenSSL has changed to them.
  if (content_type == SSL3_RT_HANDSHAKE && message.starts_with(static_cast<char>(SSL3_MT_KEY_UPDATE))) {
    good = good && self.sealer_->update();
  }
  if (!good) self.ended_ = true;
}

bool TlsTransport::seal_message(ContentType type, std::string_view message) {
  const std::size_t before = outgoing_.size();
  outgoing_.resize(before + RecordSealer::sealed_size(message.size()));
  const asio::const_buffer buffer = asio::buffer(message);
  return sealer_->seal(type, {&buffer, 1}, outgoing_.data() + before);
}

std::optional<std::string_view> TlsTransport::seal(std::span<const asio::const_buffer> buffers) {
  if (sealer_->is_worn()) {
    static constexpr std::string_view key_update("\x18\0\0\1\0", 5);  // update_not_requested (RFC 8446 4.6.3)
    if (!seal_message(ContentType::handshake, key_update) || !sealer_->update()) return std::nullopt;
  }
  const std::size_t size = outgoing_.size() + RecordSealer::sealed_size(asio::buffer_size(buffers));
  char* const out = scratch().make_room(size);
  // An alert or a key update that reading has led to comes first.
  outgoing_.copy(out, outgoing_.size());
  if (!sealer_->seal(ContentType::application_data, buffers, out + outgoing_.size())) return std::nullopt;
  outgoing_.clear();
  return std::string_view(out, size);
}

// TLS 1.2. Pieces are joined into full records: a frame header alone in a record would cost 29 bytes and a
// GCM set-up.
std::optional<std::string_view> TlsTransport::encrypt(std::span<const asio::const_buffer> buffers) {
  auto& record = scratch().record;
  std::size_t filled = 0;
  const auto send_record = [&] {
    ERR_clear_error();
    const bool good = filled == 0 || SSL_write(ssl_.get(), record.data(), static_cast<int>(filled)) > 0;
    filled = 0;
    return good;
  };
  for (const asio::const_buffer& buffer : buffers) {
    std::string_view rest(static_cast<const char*>(buffer.data()), buffer.size());
    while (!rest.empty()) {
      const std::size_t length = rest.copy(record.data() + filled, record.size() - filled);
      filled += length;
      rest.remove_prefix(length);
      if (filled == record.size() && !send_record()) return std::nullopt;
    }
  }
  if (!send_record()) return std::nullopt;
  char* const out = scratch().make_room(outgoing_.size());
  const std::size_t size = outgoing_.copy(out, outgoing_.size());
  outgoing_.clear();
  return std::string_view(out, size);
}

asio::awaitable<bool> TlsTransport::write(std::span<const asio::const_buffer> buffers) {
  const std::optional<std::string_view> bytes = sealer_ ? seal(buffers) : encrypt(buffers);
  if (!bytes) co_return false;
  const std::optional<std::size_t> sent = send_now(*bytes);
  if (!sent) co_return false;
  // Only what a slow client leaves behind needs memory of its own.
  if (*sent < bytes->size()) {
    outgoing_.append(bytes->substr(*sent));
    co_return co_await flush();
  }
  co_await give_way();
  co_return is_open();
}

asio::awaitable<bool> TlsTransport::flush() {
  if (outgoing_.empty()) co_return true;
  const std::string bytes = std::exchange(outgoing_, {});
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  writing_ = true;
  const bool sent = co_await send({&buffer, 1});
  writing_ = false;
  co_return sent;
}

asio::awaitable<void> TlsTransport::end_writing() {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // close_notify
    co_await flush();
  }
  co_await Transport::end_writing();
}

}  // namespace wheelbarrow::http
