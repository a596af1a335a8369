#include "app/static_host.hpp"

#include <algorithm>
#include <span>

#include "http/media_type.hpp"

namespace wheelbarrow::app {
namespace {

using Endings = std::span<const std::string_view>;

// Of files that get smaller, and of those that are compressed already.
constexpr auto bundle_endings = std::to_array<std::string_view>({"tar"});
constexpr auto page_endings =
    std::to_array<std::string_view>({"css", "html", "js", "json", "map", "md", "mjs", "ts", "wasm"});
constexpr auto archive_endings = std::to_array<std::string_view>({"whl", "zip"});

// Folders that are cached alike.
struct Group {
  std::string_view folders;  // alternatives of a regular expression
  std::string_view cache_control;
  Endings endings;  // that have forms
};
constexpr auto groups = std::to_array<Group>({
    {"bundles|wheels", "public, max-age=31536000, immutable", bundle_endings},
    {"client|env|sets", "public, max-age=60, stale-while-revalidate=600", page_endings},
});

// What every file of the folder goes with, as from `wheelbarrow serve`.
struct Field {
  std::string_view name;
  std::string_view value;
};
constexpr auto fields = std::to_array<Field>({
    {"Access-Control-Allow-Origin", "*"},
    {"Access-Control-Expose-Headers", "Content-Encoding"},
    {"Cross-Origin-Resource-Policy", "cross-origin"},
    {"Timing-Allow-Origin", "*"},
    {"X-Content-Type-Options", "nosniff"},
});

std::string type_of(std::string_view ending) {
  return std::string(http::media_type("file." + std::string(ending)));
}

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string joined(Endings endings) {
  std::string text;
  for (const std::string_view ending : endings) {
    text += (text.empty() ? "" : "|") + std::string(ending);
  }
  return text;
}

// A regular expression for an Accept-Encoding that takes the coding.
std::string taken(std::string_view coding) {
  return "(^|[, ])" + std::string(coding) + " *(,|$|; *q=(1|0\\.\\d*[1-9]))";
}

// nginx has a module for gzip only, and that sends no ranges. The worst form comes first, because the last
// that the client takes counts.
std::string nginx_choice() {
  std::string text =
      "set $wheelbarrow_asked \"$uri $http_accept_encoding\";\n"
      "set $wheelbarrow_ending \"\";\n"
      "set $wheelbarrow_coding \"\";\n";
  for (auto form = static_forms.rbegin(); form != static_forms.rend(); ++form) {
    for (const Group& group : groups) {
      text += "if ($wheelbarrow_asked ~* \"^/(" + std::string(group.folders) + ")/[^ ]+\\.(" +
              joined(group.endings) + ")( .*)?" + taken(form->coding) + "\") {\n  set $wheelbarrow_ending " +
              std::string(form->ending) + ";\n  set $wheelbarrow_coding " + std::string(form->coding) +
              ";\n}\n";
    }
  }
  return text;
}

std::string nginx_group(const Group& group) {
  std::string text = "location ~ \"^/(" + std::string(group.folders) + ")/\" {\n";
  text += "  gzip off;\n";
  const auto add = [&](std::string_view name, const std::string& value) {
    text += "  add_header " + std::string(name) + ' ' + value + ";\n";
  };
  add("Cache-Control", in_quotes(group.cache_control));
  add("Vary", "Accept-Encoding");
  add("Content-Encoding", "$wheelbarrow_coding");
  for (const Field& field : fields) {
    add(field.name, in_quotes(field.value));
  }
  for (const std::string_view ending : group.endings) {
    text += "  location ~ \"\\." + std::string(ending) + "$\" {\n    types {}\n    default_type " +
            in_quotes(type_of(ending)) + ";\n" + "    rewrite ^(.*)$ $1$wheelbarrow_ending break;\n  }\n";
  }
  for (const std::string_view ending : archive_endings) {
    text += "  location ~ \"\\." + std::string(ending) + "$\" {\n    types {}\n    default_type " +
            in_quotes(type_of(ending)) + ";\n  }\n";
  }
  return text + "}\n";
}

}  // namespace

bool has_forms(std::string_view filename) {
  const std::size_t dot = filename.rfind('.');
  return dot != std::string_view::npos && std::ranges::any_of(groups, [&](const Group& group) {
           return std::ranges::find(group.endings, filename.substr(dot + 1)) != group.endings.end();
         });
}

std::string nginx_rules() {
  std::string text =
      "# Include this in a server block whose root is this folder:\n"
      "#   server { listen 443 ssl http2; root /srv/wheels; include /srv/wheels/nginx.conf; ... }\n";
  text += nginx_choice();
  for (const Group& group : groups) {
    text += nginx_group(group);
  }
  return text;
}

std::string htaccess_file() {
  std::string text = "RewriteEngine On\nRemoveEncoding .gz .br .zst\n";
  std::string forms;
  for (const StaticForm& form : static_forms) {
    forms += (forms.empty() ? "\\" : "|\\") + std::string(form.ending);
    for (const Group& group : groups) {
      text += "RewriteCond %{HTTP:Accept-Encoding} " + in_quotes(taken(form.coding)) + " [NC]\n";
      text += "RewriteRule \"^((?:" + std::string(group.folders) + ")/.+\\.(?:" + joined(group.endings) +
              "))$\" \"$1" + std::string(form.ending) +
              "\" [END,E=wheelbarrow_coding:" + std::string(form.coding) + "]\n";
    }
  }
  for (const Group& group : groups) {
    text += "<If \"%{REQUEST_URI} =~ m#/(" + std::string(group.folders) + ")/#\">\n  SetEnv no-gzip 1\n";
    const auto add = [&](std::string_view name, std::string_view value) {
      text += "  Header set " + std::string(name) + ' ' + in_quotes(value) + '\n';
    };
    add("Cache-Control", group.cache_control);
    add("Vary", "Accept-Encoding");
    for (const Field& field : fields) {
      add(field.name, field.value);
    }
    text +=
        "  Header set Content-Encoding %{REDIRECT_wheelbarrow_coding}e "
        "env=REDIRECT_wheelbarrow_coding\n</If>\n";
    for (const Endings endings : {group.endings, Endings(archive_endings)}) {
      for (const std::string_view ending : endings) {
        text += "<FilesMatch \"\\." + std::string(ending) + "(" + forms + ")?$\">\n  ForceType " +
                in_quotes(type_of(ending)) + "\n</FilesMatch>\n";
      }
    }
  }
  return text;
}

std::string headers_file() {
  std::string text;
  for (const Group& group : groups) {
    for (std::size_t begin = 0; begin < group.folders.size();) {
      const std::size_t end = std::min(group.folders.find('|', begin), group.folders.size());
      text += '/' + std::string(group.folders.substr(begin, end - begin)) + "/*\n";
      text += "  Cache-Control: " + std::string(group.cache_control) + '\n';
      for (const Field& field : fields) {
        text += "  " + std::string(field.name) + ": " + std::string(field.value) + '\n';
      }
      begin = end + 1;
    }
  }
  return text;
}

}  // namespace wheelbarrow::app
