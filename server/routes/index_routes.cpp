#include <algorithm>
#include <array>
#include <expected>

#include "http/negotiation.hpp"
#include "http/problem.hpp"
#include "http/url.hpp"
#include "packaging/name.hpp"
#include "routes/context.hpp"
#include "routes/errors.hpp"
#include "routes/index_page.hpp"

namespace wheelbarrow::routes::index_routes {
namespace {

constexpr std::string_view v1_json = "application/vnd.pypi.simple.v1+json";
constexpr std::string_view v1_html = "application/vnd.pypi.simple.v1+html";

// A form of the documents by a name that a client may ask for it under (PEP 691 "Content-Types").
struct Form {
  std::string_view name;
  std::string_view media_type;  // what it is sent as; of a "latest" the version that it really is
  bool is_json() const { return media_type == v1_json; }
};

// The most expressive first (PEP 691 "Recommendations").
constexpr std::array<Form, 5> forms{{{v1_json, v1_json},
                                     {"application/vnd.pypi.simple.latest+json", v1_json},
                                     {v1_html, v1_html},
                                     {"application/vnd.pypi.simple.latest+html", v1_html},
                                     {"text/html", "text/html; charset=utf-8"}}};

http::Response no_such_form() {
  std::string names;
  for (const Form& form : forms) {
    names.append(names.empty() ? "" : ", ").append(form.name);
  }
  return http::problem(406, "the index has none of the media types that were asked for; it has " + names);
}

// Null if none is acceptable. Whoever takes everything alike is most likely a person, and gets HTML, as from
// PyPI.
const Form* form_accepted(std::optional<std::string_view> accept) {
  const auto rank = [&](const Form& form) { return http::acceptance(accept, form.name); };
  const Form* best = &*std::ranges::max_element(forms, {}, rank);
  if (rank(*best).specificity == 0) {
    best = &*std::ranges::max_element(forms.rbegin(), forms.rend(), {}, rank);
  }
  return rank(*best).weight == 0 ? nullptr : best;
}

struct Question {
  CatalogPtr catalog;
  TargetPtr target;  // null: every wheel is listed
  const Form* form = nullptr;
  bool negotiated = true;  // by Accept, not by the URL
};

std::expected<Question, http::Response> parse(const Context& context, const http::Request& request) {
  auto pairs = http::parse_query(request.query);
  if (!pairs) return std::unexpected(to_problem(pairs.error()));
  Question question{context.wheelhouse.catalog(), nullptr};
  for (auto& [name, value] : *pairs) {
    if (name == "target") {
      if (value.empty()) continue;  // a form's "every" choice
      auto target = context.targets.find(*question.catalog, value);
      if (!target) return std::unexpected(to_problem(target.error()));
      question.target = std::move(*target);
    } else if (name == "format") {
      std::ranges::replace(value, ' ', '+');  // people write the '+' of a media type as it is
      question.negotiated = false;
      question.form = std::ranges::find(forms, value, &Form::name);
      if (question.form == forms.end()) return std::unexpected(no_such_form());
    } else {
      return std::unexpected(
          to_problem({ErrorKind::invalid_input,
                      "the parameter '" + name + "' is not known; there are target and format"}));
    }
  }
  if (question.negotiated) question.form = form_accepted(request.fields.get("accept"));
  if (question.form == nullptr) {
    http::Response response = no_such_form();
    response.fields.set("vary", "accept");
    return std::unexpected(std::move(response));
  }
  return question;
}

// Begins what a document is remembered under.
std::string key_of(const Question& question, std::string_view project) {
  std::string key = "index " + question.catalog->id().hex() + '\n' + std::string(question.form->media_type);
  if (question.target) key += '\n' + question.target->name() + '\n' + question.target->python().str();
  return key + "\n/" + std::string(project);
}

Awaitable send(const Context& context, const http::Request& request, Question question, std::string key,
               Documents::Make make, std::optional<CacheKeys> keys = {}) {
  const Caching caching = context.caching(CacheClass::index, std::move(keys));
  http::Response response = co_await context.documents.made(request, std::move(key), std::move(make),
                                                            question.form->media_type, caching);
  if (question.negotiated) {
    const auto coding = response.fields.get("vary");
    response.fields.set("vary", coding ? "accept, " + *coding : "accept");
  }
  co_return response;
}

Awaitable projects(const Context& context, const http::Request& request, Question question) {
  const std::string key = key_of(question, {});
  const Documents::Make make = [question]() -> Result<std::string> {
    const auto names = index_projects(*question.catalog, question.target.get());
    if (question.form->is_json()) return projects_json(names);
    return projects_html(names,
                         question.target ? "?target=" + http::percent_encode(question.target->name()) : "");
  };
  return send(context, request, std::move(question), key, make);
}

Awaitable project(const Context& context, const http::Request& request, Question question, std::string name) {
  const std::string base_url = context.base_url(request);
  std::string key = key_of(question, name);
  if (question.form->is_json()) {
    key += '\n' + base_url;
    // A catalog's id says nothing of its files' times.
    for (const wheelhouse::WheelPtr& wheel : question.catalog->project(name)) {
      key += '\n' + std::to_string(wheel->modified);
    }
  }
  const Documents::Make make = [question, name, base_url]() -> Result<std::string> {
    const auto files = index_files(*question.catalog, name, question.target.get());
    return question.form->is_json() ? project_json(name, files, base_url) : project_html(name, files);
  };
  CacheKeys keys;
  keys.add_project(name);
  return send(context, request, std::move(question), std::move(key), make, std::move(keys));
}

http::Response redirect(const http::Request& request, std::string location) {
  http::Response response =
      http::problem(308, "the index's addresses have the project's normalized name and end in a slash");
  if (!request.query.empty()) location += '?' + request.query;
  response.fields.set("location", location);
  return response;
}

// From /simple/<path> to /simple/<address>. Relative, so that it holds behind a proxy that strips a prefix,
// except where empty segments are: clients disagree on what is relative to those.
std::string way(const Context& context, const http::Request& request, std::string_view path,
                const std::string& address) {
  if (path.starts_with('/') || path.ends_with("//")) return context.base_url(request) + "/simple/" + address;
  return path.ends_with('/') ? "../" + address : address;
}

Awaitable ready(http::Response response) {
  co_return response;
}

}  // namespace

Awaitable root(const http::Request& request) {
  return ready(redirect(request, "simple/"));
}

// "" is the list of projects, "<project>/" a project's files.
Awaitable page(const Context& context, const http::Request& request, std::string_view path) {
  const std::size_t begin = std::min(path.find_first_not_of('/'), path.size());
  const std::string_view name = path.substr(begin, path.find_last_not_of('/') + 1 - begin);
  const std::string canonical = packaging::is_valid_name(name) ? packaging::canonicalize_name(name) : "";
  const std::string address = name.empty() ? "" : canonical + '/';
  auto question = parse(context, request);
  if (!question) return ready(std::move(question.error()));
  if (!name.empty() && index_files(*question->catalog, canonical, nullptr).empty()) {
    return ready(not_found("the wheelhouse has no wheel of the project '" + std::string(name) +
                           "'; /simple/ lists its projects"));
  }
  if (path != address) return ready(redirect(request, way(context, request, path, address)));
  if (name.empty()) return projects(context, request, std::move(*question));
  return project(context, request, std::move(*question), canonical);
}

}  // namespace wheelbarrow::routes::index_routes
