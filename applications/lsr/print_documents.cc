// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr --print: the manual page and completions for shells, from the description
// of the command line.

#include "applications/lsr/print_documents.h"

#include <lsr/base/version.h>

#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  namespace
  {
    using Replacements = std::map<char, std::string>;

    std::string
    replace(const std::string &text, const Replacements &replacements)
    {
      std::string result;
      for (const char character : text)
        {
          const auto found = replacements.find(character);
          result += found == replacements.end() ? std::string(1, character) :
                                                  found->second;
        }
      return result;
    }



    std::vector<const CLI::App *>
    subcommands(const CLI::App &app)
    {
      return app.get_subcommands([](const CLI::App *) { return true; });
    }



    std::vector<const CLI::Option *>
    options(const CLI::App &app, const std::string &group)
    {
      return app.get_options([&group](const CLI::Option *option) {
        return option->nonpositional() && option->get_group() == group;
      });
    }



    /// All options that are not hidden.
    std::vector<const CLI::Option *>
    options(const CLI::App &app)
    {
      return app.get_options([](const CLI::Option *option) {
        return option->nonpositional() && !option->get_group().empty();
      });
    }



    std::vector<const CLI::Option *>
    positionals(const CLI::App &app)
    {
      return app.get_options(
        [](const CLI::Option *option) { return option->get_positional(); });
    }



    /// The names of an option, with dashes.
    std::vector<std::string>
    names(const CLI::Option &option)
    {
      std::vector<std::string> result;
      for (const std::string &name : option.get_snames())
        result.push_back("-" + name);
      for (const std::string &name : option.get_lnames())
        result.push_back("--" + name);
      return result;
    }



    bool
    has_value(const CLI::Option &option)
    {
      return option.get_items_expected_min() > 0;
    }



    /// The kind of value, like TEXT.
    std::string
    kind(const CLI::Option &option)
    {
      const std::string type = option.get_type_name();
      return type.substr(0, type.find(':'));
    }



    /// The values to choose from, separated by spaces; none if it takes others.
    std::string
    choices(const CLI::Option &option)
    {
      const std::string type  = option.get_type_name();
      const std::size_t begin = type.find('{'), end = type.find('}');
      return end == std::string::npos ?
               "" :
               replace(type.substr(begin + 1, end - begin - 1), {{',', " "}});
    }



    std::string
    join(const std::vector<std::string> &texts, const std::string &separator)
    {
      return CLI::detail::join(texts, separator);
    }



    // ---------------------------------------------------------- manual page

    std::string
    roff(const std::string &text)
    {
      const std::string escaped =
        replace(text, {{'-', "\\-"}, {'\\', "\\e"}, {'\n', " "}});
      const bool is_request =
        !escaped.empty() && (escaped[0] == '.' || escaped[0] == '\'');
      return (is_request ? "\\&" : "") + escaped;
    }



    std::string
    bold(const std::string &text)
    {
      return "\\fB" + roff(text) + "\\fR";
    }



    std::string
    italic(const std::string &text)
    {
      return "\\fI" + roff(text) + "\\fR";
    }



    /// Name, kind of value, default and description of an option.
    void
    write_man_entry(const CLI::Option &option)
    {
      std::vector<std::string> bold_names;
      for (const std::string &name : names(option))
        bold_names.push_back(bold(name));
      std::cout << ".TP\n"
                << (option.get_positional() ? italic(option.get_name(true)) :
                                              join(bold_names, ", "));
      if (has_value(option) && !option.get_positional())
        std::cout << ' ' << italic(kind(option));
      std::cout << '\n' << roff(option.get_description());
      if (has_value(option) && !option.get_default_str().empty())
        std::cout << " (default: " << roff(option.get_default_str()) << ')';
      std::cout << '\n';
    }



    void
    write_man_options(const CLI::App &app)
    {
      for (const CLI::Option *const option : positionals(app))
        write_man_entry(*option);
      for (const std::string &group : app.get_groups())
        {
          if (group.empty() || options(app, group).empty())
            continue;
          if (group != "Options")
            std::cout << ".PP\n" << roff(group) << ":\n";
          for (const CLI::Option *const option : options(app, group))
            write_man_entry(*option);
        }
    }



    void
    write_synopsis(const std::string &name, const CLI::App &app)
    {
      std::cout << bold(name) << " [" << italic("OPTIONS") << ']';
      for (const CLI::Option *const option : positionals(app))
        {
          const std::string argument = italic(option->get_name(true));
          std::cout << ' '
                    << (option->get_required() ? argument :
                                                 '[' + argument + ']');
        }
      std::cout << '\n';
    }



    void
    print_man_page(const CLI::App &app)
    {
      const std::string name = app.get_name();
      const std::string text = app.get_description();
      std::cout << ".TH LSR 1 \"\" \"dealii_lsr " << version()
                << "\" \"User Commands\"\n.SH NAME\n"
                << roff(name) << " \\- "
                << roff(CLI::detail::to_lower(text.substr(0, 1)) +
                        text.substr(1, text.find('.') - 1))
                << "\n.SH SYNOPSIS\n";
      for (const CLI::App *const command : subcommands(app))
        {
          write_synopsis(name + " " + command->get_name(), *command);
          std::cout << ".br\n";
        }
      write_synopsis(name, app);
      std::cout << ".SH DESCRIPTION\n" << roff(text) << "\n.SH OPTIONS\n";
      write_man_options(app);
      std::cout << ".SH SUBCOMMANDS\n";
      for (const CLI::App *const command : subcommands(app))
        {
          std::cout << ".SS " << roff(name + " " + command->get_name()) << '\n'
                    << roff(command->get_description()) << '\n';
          write_man_options(*command);
        }
      std::cout << ".SH EXIT STATUS\n0, or 1 after one message on the standard "
                   "error.\n.SH FILES\n.TP\n"
                << italic("share/dealii_lsr/examples")
                << "\nParameter files and networks to start from, below the "
                   "folder of the installation, "
                << italic("/usr") << " for a package of the system.\n.TP\n"
                << italic("share/doc/dealii*lsr/doc/guide.md")
                << "\nThe guide.\n";
    }



    // ----------------------------------------------------------------- shells

    /// The names of options for which @p choose holds.
    std::string
    option_names(const CLI::App                                 &app,
                 const std::function<bool(const CLI::Option &)> &choose)
    {
      std::vector<std::string> result;
      for (const CLI::Option *const option : options(app))
        if (choose(*option))
          for (const std::string &name : names(*option))
            result.push_back(name);
      return join(result, " ");
    }



    std::string
    command_names(const CLI::App &app, const std::string &separator)
    {
      std::vector<std::string> result;
      for (const CLI::App *const command : subcommands(app))
        result.push_back(command->get_name());
      return join(result, separator);
    }



    void
    write_bash_case(const CLI::App &app, const std::string &pattern)
    {
      const auto all = [](const CLI::Option &) { return true; };
      std::cout << "    " << pattern << ")\n      case $previous in\n";
      for (const CLI::Option *const option : options(app))
        if (!choices(*option).empty())
          std::cout << "        " << join(names(*option), " | ") << ") values='"
                    << choices(*option) << "' ;;\n";
      std::cout << "      esac\n      valued='" << option_names(app, has_value)
                << "'\n      words='" << option_names(app, all);
      if (!subcommands(app).empty())
        std::cout << ' ' << command_names(app, " ");
      std::cout << "' ;;\n";
    }



    void
    print_bash(const CLI::App &app)
    {
      const std::string name = app.get_name();
      std::cout
        << "# Completion of " << name << " for bash, written by " << name
        << " --print bash.\n_" << name << "() {\n"
        << R"(  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' words valued values='' i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      )" << command_names(app, " | ")
        << R"() command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
)";
      for (const CLI::App *const command : subcommands(app))
        write_bash_case(*command, command->get_name());
      write_bash_case(app, "*");
      std::cout << R"(  esac
  # Where nothing is left to choose from, bash completes the names of files.
  if [[ " $valued " == *" $previous "* ]]; then
    words=$values
  elif [[ $word != -* && -n $command ]]; then
    words=''
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o bashdefault -o default -F _)"
                << name << ' ' << name << '\n';
    }



    /// @p text inside of single quotes.
    std::string
    quoted(const std::string &text)
    {
      return '\'' + replace(text, {{'\'', "'\\''"}}) + '\'';
    }



    /// What follows the name of an option in _arguments: description, kind of
    /// value and what completes it.
    std::string
    zsh_specification(const CLI::Option &option)
    {
      const std::string description =
        '[' +
        replace(option.get_description(),
                {{'[', "\\["}, {']', "\\]"}, {':', "\\:"}}) +
        ']';
      if (!has_value(option))
        return description;
      const std::string values = choices(option);
      return description + ':' + kind(option) +
             (values.empty() ? ":_files" : ":(" + values + ")");
    }



    void
    write_zsh_options(const CLI::App &app, const std::string &indent)
    {
      for (const CLI::Option *const option : options(app))
        for (const std::string &name : names(*option))
          std::cout << indent << quoted(name + zsh_specification(*option))
                    << " \\\n";
      for (const CLI::Option *const option : positionals(app))
        std::cout << indent
                  << quoted((option->get_required() ? ":" : "::") +
                            option->get_name(true) + ":_files")
                  << " \\\n";
    }



    void
    print_zsh(const CLI::App &app)
    {
      const std::string name = app.get_name();
      std::cout << "#compdef " << name << "\n# Completion of " << name
                << " for zsh, written by " << name << " --print zsh.\n_" << name
                << "() {\n"
                << "  local curcontext=$curcontext state line\n"
                   "  local -a commands=(\n";
      for (const CLI::App *const command : subcommands(app))
        std::cout << "    "
                  << quoted(command->get_name() + ':' +
                            replace(command->get_description(), {{':', "\\:"}}))
                  << '\n';
      std::cout << "  )\n  _arguments -C \\\n";
      write_zsh_options(app, "    ");
      std::cout << "    '1:subcommand:->command' '*::argument:->argument'\n"
                   "  case $state in\n"
                   "    command) _describe subcommand commands ;;\n"
                   "    argument)\n"
                   "      case $words[1] in\n";
      for (const CLI::App *const command : subcommands(app))
        {
          std::cout << "        " << command->get_name()
                    << ")\n          _arguments \\\n";
          write_zsh_options(*command, "            ");
          std::cout << "            && return ;;\n";
        }
      std::cout << "      esac ;;\n  esac\n}\n"
                << "if [ \"$funcstack[1]\" = _" << name << " ]; then\n  _"
                << name << " \"$@\"\nelse\n  compdef _" << name << ' ' << name
                << "\nfi\n";
    }



    void
    write_fish_options(const std::string &command,
                       const std::string &condition,
                       const CLI::App    &app)
    {
      for (const CLI::Option *const option : options(app))
        {
          std::cout << command << " -n " << quoted(condition);
          for (const std::string &name : option->get_snames())
            std::cout << " -s " << name;
          for (const std::string &name : option->get_lnames())
            std::cout << " -l " << name;
          if (has_value(*option))
            std::cout << " -r";
          if (!choices(*option).empty())
            std::cout << " -f -a " << quoted(choices(*option));
          std::cout << " -d "
                    << quoted(
                         replace(option->get_description(), {{'\\', "\\\\"}}))
                    << '\n';
        }
    }



    void
    print_fish(const CLI::App &app)
    {
      const std::string name     = app.get_name();
      const std::string complete = "complete -c " + name;
      std::cout << "# Completion of " << name << " for fish, written by "
                << name << " --print fish.\n";
      for (const CLI::App *const command : subcommands(app))
        std::cout << complete << " -f -n __fish_use_subcommand -a "
                  << command->get_name() << " -d "
                  << quoted(
                       replace(command->get_description(), {{'\\', "\\\\"}}))
                  << '\n';
      write_fish_options(complete, "__fish_use_subcommand", app);
      for (const CLI::App *const command : subcommands(app))
        write_fish_options(complete,
                           "__fish_seen_subcommand_from " + command->get_name(),
                           *command);
    }
  } // namespace



  void
  add_print_documents(CLI::App &app)
  {
    static const std::map<std::string, void (*)(const CLI::App &)> printers = {
      {"man", print_man_page},
      {"bash", print_bash},
      {"zsh", print_zsh},
      {"fish", print_fish}};
    app
      .add_option_function<std::string>(
        "--print",
        [&app](const std::string &document) {
          printers.at(document)(app);
          if (!std::cout.flush())
            throw CLI::ValidationError("--print",
                                       "cannot write the standard output");
          throw CLI::Success();
        },
        "Print the manual page, or completions for a shell, and exit: man, "
        "bash, zsh or fish")
      ->check(CLI::IsMember({"man", "bash", "zsh", "fish"}));
  }
} // namespace lsr
