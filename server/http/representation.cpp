#include "http/representation.hpp"

#include <algorithm>
#include <utility>

#include "base/mapped_file.hpp"
#include "http/problem.hpp"
#include "http/range.hpp"

namespace wheelbarrow::http {
namespace {

void add_unless_empty(Fields& fields, std::string_view name, std::string_view value) {
  if (!value.empty()) fields.add(name, value);
}

// The fields of a 304 (RFC 9110 15.4.5); every success carries them too.
Fields cache_fields(const Representation& representation) {
  Fields fields;
  add_unless_empty(fields, "cache-control", representation.cache_control);
  add_unless_empty(fields, "content-location", representation.content_location);
  add_unless_empty(fields, "etag", representation.validators.etag);
  add_unless_empty(fields, "vary", representation.vary);
  for (const auto [name, value] : representation.more) {
    fields.add(name, value);
  }
  return fields;
}

// All fields of a 200 but Content-Type.
Fields representation_fields(const Representation& representation) {
  Fields fields = cache_fields(representation);
  fields.add("accept-ranges", "bytes");
  if (representation.coding != Coding::identity) {
    fields.add("content-encoding", token(representation.coding));
  }
  if (representation.validators.last_modified) {
    fields.add("last-modified", format_date(*representation.validators.last_modified));
  }
  if (representation.repr_digest) {
    fields.add("repr-digest", "sha-256=:" + representation.repr_digest->base64() + ":");
  }
  return fields;
}

Response not_modified(const Representation& representation) {
  Response response;
  response.status = 304;
  response.fields = cache_fields(representation);
  // Last-Modified is of use only where no ETag does its job (RFC 9110 15.4.5).
  if (representation.validators.etag.empty() && representation.validators.last_modified) {
    response.fields.add("last-modified", format_date(*representation.validators.last_modified));
  }
  return response;
}

// Appends the bytes of `range` to `out`, sharing the owners.
void append_range(Slices& out, const Slices& body, const ByteRange& range) {
  std::uint64_t start = 0;
  for (const Slice& slice : body) {
    const std::uint64_t end = start + slice.size();
    if (start > range.last) return;
    if (end > range.first) {
      const std::uint64_t from = std::max(start, range.first);
      const std::uint64_t to = std::min(end, range.last + 1);
      out.push_back(slice.part(from - start, to - from));
    }
    start = end;
  }
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(size);
}

// The same for the same representation, so that answers are reproducible; a body that contains the hash of
// its own ETag would have to be searched for longer than anyone can.
std::string boundary_for(const Representation& representation, std::uint64_t size) {
  return sha256("boundary " + representation.validators.etag + " " + std::to_string(size))
      .hex()
      .substr(0, 40);
}

Response whole(Representation&& representation) {
  Response response;
  response.fields = representation_fields(representation);
  add_unless_empty(response.fields, "content-type", representation.media_type);
  response.body = std::move(representation.body);
  return response;
}

Response single_part(const Representation& representation, const ByteRange& range, std::uint64_t size) {
  Response response;
  response.status = 206;
  response.fields = representation_fields(representation);
  add_unless_empty(response.fields, "content-type", representation.media_type);
  response.fields.add("content-range", content_range(range, size));
  append_range(response.body, representation.body, range);
  return response;
}

// RFC 9110 14.6. Content-Encoding stays outside: it describes the representation that the parts are cut from
// (15.3.7), as other servers do it.
Response several_parts(const Representation& representation, const std::vector<ByteRange>& ranges,
                       std::uint64_t size) {
  const std::string boundary = boundary_for(representation, size);
  Response response;
  response.status = 206;
  response.fields = representation_fields(representation);
  response.fields.add("content-type", "multipart/byteranges; boundary=" + boundary);
  std::string_view separator = "--";
  for (const ByteRange& range : ranges) {
    std::string head = std::string(separator) + boundary + "\r\n";
    if (!representation.media_type.empty()) head += "Content-Type: " + representation.media_type + "\r\n";
    head += "Content-Range: " + content_range(range, size) + "\r\n\r\n";
    response.body.push_back(Slice::of(std::move(head)));
    append_range(response.body, representation.body, range);
    separator = "\r\n--";
  }
  response.body.push_back(Slice::of("\r\n--" + boundary + "--\r\n"));
  return response;
}

Response unsatisfiable(std::uint64_t size) {
  Response response = problem(416, "None of the requested ranges lies within the " + std::to_string(size) +
                                       " bytes of this representation");
  response.fields.add("content-range", "bytes */" + std::to_string(size));
  response.fields.add("accept-ranges", "bytes");
  return response;
}

// Bytes. Hundreds of bodies of this size are a few megabytes.
constexpr std::size_t worth_copying = std::size_t{32} * 1024;

// Whether anything but the representation itself may be the answer.
bool is_special(const Fields& fields) {
  return std::ranges::any_of(fields, [](const Fields::Field& field) {
    return field.name.starts_with("if-") || field.name == "range";
  });
}

}  // namespace

ReadyRepresentation::ReadyRepresentation(Representation representation)
    : representation_(std::move(representation)) {
  // Copying what is still on disk would make this loop wait for it.
  if (total_size(representation_.body) <= worth_copying &&
      std::ranges::all_of(representation_.body, is_resident)) {
    std::string bytes;
    for (const Slice& slice : representation_.body) {
      bytes += slice.text();
    }
    representation_.body = {Slice::of(std::move(bytes))};
  }
  whole_ = make_ready(whole(Representation(representation_)));
  not_modified_ = make_ready(not_modified(representation_));
}

ReadyResponse ReadyRepresentation::respond(const Request& request) const {
  if (!is_special(request.fields)) return whole_;
  const bool partial = request.method == "GET" && request.fields.has("range");
  switch (evaluate_preconditions(request.fields, representation_.validators)) {
    case Precondition::not_modified:
      return not_modified_;
    case Precondition::proceed:
      if (!partial) return whole_;
      break;
    case Precondition::failed:
      break;
  }
  return make_ready(http::respond(request, representation_));
}

Response respond(const Request& request, Representation representation) {
  switch (evaluate_preconditions(request.fields, representation.validators)) {
    case Precondition::not_modified:
      return not_modified(representation);
    case Precondition::failed:
      return problem(412,
                     "The representation has changed: what If-Match or If-Unmodified-Since asks for is gone");
    case Precondition::proceed:
      break;
  }
  if (request.method != "GET" || !request.fields.has("range") ||
      !if_range_matches(request.fields, representation.validators)) {
    return whole(std::move(representation));
  }
  const std::uint64_t size = total_size(representation.body);
  const std::optional<std::string> field = request.fields.get("range");
  const RangeSelection selection = select_ranges(field, size);
  switch (selection.kind) {
    case RangeSelection::Kind::unsatisfiable:
      return unsatisfiable(size);
    case RangeSelection::Kind::whole:
      return whole(std::move(representation));
    case RangeSelection::Kind::partial:
      break;
  }
  if (selection.ranges.size() == 1) return single_part(representation, selection.ranges.front(), size);
  return several_parts(representation, selection.ranges, size);
}

}  // namespace wheelbarrow::http
