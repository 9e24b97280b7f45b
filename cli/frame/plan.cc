// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/plan.h"

#include <unistd.h>

namespace mq::cli {

namespace {

// A line from the terminal, without its end; nothing at end of file. Reads byte by byte: what follows is not
// ours.
std::optional<std::string> ask(const Context& context, const std::string& question) {
  context.say(question);
  char line[4096];
  for (std::size_t size = 0; size < sizeof line; size++) {
    const ssize_t n = ::read(context.in, line + size, 1);
    if (n <= 0) return std::nullopt;
    if (line[size] == '\n') return std::string(line, size);
  }
  return std::string(line, sizeof line);
}

Exit refuse(const Context& context, const std::string& message, const std::string& hint) {
  return report(context, {.exit = Exit::refused, .message = message, .hint = hint});
}

void show(const Context& context, const Plan& plan) {
  Layout layout;
  layout.width = context.width;
  layout.unicode = context.unicode;
  context.say(render(plan.table, plan.rows, layout, Shape::list, context));
  if (!plan.summary.empty()) context.say(plan.summary + "\n");
}

Exit print_dry_run(Context& context, const Arguments& arguments, const Plan& plan) {
  std::vector<json::object> rows = plan.rows;
  for (json::object& row : rows) row["status"] = "would";
  const Layout layout = Layout::from(context, arguments);
  context.write(render(plan.table, std::move(rows), layout, Shape::list, context));
  if (is_human(layout.format) && !plan.summary.empty())
    context.write("dry run, nothing was changed: " + plan.summary + "\n");
  return Exit::ok;
}

std::optional<Exit> ask_guarded(const Context& context, const Arguments& arguments, const Plan& plan) {
  if (arguments.on("yes")) return std::nullopt;
  if (!context.interactive())
    return refuse(context, "this needs to be confirmed: " + plan.summary,
                  "confirm with -y, look first with --dry-run");
  show(context, plan);
  const std::optional<std::string> answer = ask(context, "Proceed? [y/N] ");
  if (answer && (*answer == "y" || *answer == "Y" || *answer == "yes")) return std::nullopt;
  return refuse(context, "not confirmed, nothing was changed", "");
}

std::optional<Exit> ask_severe(const Context& context, const Arguments& arguments, const Plan& plan) {
  const std::optional<std::string> given = arguments.maybe("confirm");
  if (given && *given == plan.word) return std::nullopt;
  if (given)
    return refuse(context, "--confirm " + in_quotes(*given) + " is not " + plan.word_is + ": " + plan.summary,
                  "look first with --dry-run");
  if (!context.interactive())
    return refuse(context, "this needs to be confirmed by typing " + plan.word_is + ": " + plan.summary,
                  "in a script: --confirm " + plan.word + "   (-y is not enough here)");
  show(context, plan);
  const std::optional<std::string> answer = ask(context, "Type " + plan.word_is + " to go ahead: ");
  if (answer && *answer == plan.word) return std::nullopt;
  return refuse(context, "not confirmed, nothing was changed", "");
}

}  // namespace

std::optional<Exit> go_ahead(Context& context, const Arguments& arguments, const Plan& plan) {
  if (arguments.on("dry-run")) return print_dry_run(context, arguments, plan);
  switch (plan.risk) {
    case Risk::plain:
      return std::nullopt;
    case Risk::guarded:
      return ask_guarded(context, arguments, plan);
    case Risk::severe:
      return ask_severe(context, arguments, plan);
  }
  return std::nullopt;
}

}  // namespace mq::cli
