// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/parameter_file.h"

#include <lsr/fe/equation_registry.h>

#include <deal.II/base/mpi.h>
#include <deal.II/base/parameter_handler.h>
#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <utility>
#include <vector>

#include "source/base/read_file.h"

namespace lsr
{
  namespace
  {
    namespace fs = std::filesystem;

    /// A parameter file with the files that it includes in place of the
    /// `include` lines, and where each line comes from.
    struct Text
    {
      std::string                                       lines;
      std::vector<std::pair<std::string, unsigned int>> origins;
    };



    std::string
    at(const std::string &path, const unsigned int line)
    {
      return path + ", line " + std::to_string(line) + ": ";
    }



    /// Append the file @p path, which is included from @p depth others.
    void
    append(Text &text, const fs::path &path, const unsigned int depth = 0)
    {
      require(depth < 20, path.string() + ": includes itself.");
      std::istringstream file(
        read_file(path.string(), "a parameter file (.prm)"));
      std::string line;
      for (unsigned int number = 1; std::getline(file, line); ++number)
        {
          const std::string trimmed = dealii::Utilities::trim(line);
          // Release 0.1 called the section so.
          require(trimmed != "subsection Refinement",
                  at(path.string(), number) +
                    "found section Refinement, expected LSR, its name since "
                    "release 0.2 (see CHANGELOG.md).");
          if (trimmed.rfind("include ", 0) == 0)
            {
              const fs::path included =
                path.parent_path() / dealii::Utilities::trim(trimmed.substr(8));
              require(fs::is_regular_file(included),
                      at(path.string(), number) + "found '" + trimmed +
                        "', but there is no file " + included.string() + ".");
              append(text, included, depth + 1);
            }
          else
            {
              text.lines += line + '\n';
              text.origins.emplace_back(path.string(), number);
            }
        }
    }



    /// Parse the parameter file, if there is one.
    void
    parse_file(const std::string        &path,
               dealii::ParameterHandler &prm,
               const bool                skip_undefined = false)
    {
      if (path.empty())
        return;
      Text text;
      append(text, path);
      std::istringstream lines(text.lines);
      try
        {
          prm.parse_input(lines, path, "", skip_undefined);
        }
      catch (const std::exception &exception)
        {
          // deal.II says "line <12>", and means the lines of all files.
          std::string       message = error_message(exception);
          const std::size_t begin   = message.find("ine <");
          unsigned int      number  = 0;
          if (begin != std::string::npos &&
              std::istringstream(message.substr(begin + 5)) >> number &&
              number >= 1 && number <= text.origins.size())
            {
              const auto &[file, line] = text.origins[number - 1];
              const std::string was    = std::to_string(number);
              message.replace(begin + 5, was.size(), std::to_string(line));
              const std::size_t name = message.find("<" + path + ">", begin);
              if (name != std::string::npos)
                message.replace(name + 1, path.size(), file);
            }
          throw Error(message);
        }
    }



    /// Call @p action in the section with the path @p section.
    template <typename Action>
    void
    in_section(dealii::ParameterHandler &prm,
               const std::string        &section,
               const Action             &action)
    {
      const auto path = dealii::Utilities::split_string_list(section, '/');
      for (const std::string &part : path)
        prm.enter_subsection(part);
      action();
      for (std::size_t i = 0; i < path.size(); ++i)
        prm.leave_subsection();
    }



    /// Set "Section/Subsection/Name=value".
    void
    apply_setting(dealii::ParameterHandler &prm, const std::string &setting)
    {
      const std::string what   = "--set '" + setting + "': ";
      const auto        equals = setting.find('=');
      require(equals != std::string::npos,
              what + "expected \"Section/Name=value\".");
      std::istringstream       path(setting.substr(0, equals));
      std::vector<std::string> parts;
      for (std::string part; std::getline(path, part, '/');)
        parts.push_back(part);
      require(!parts.empty(),
              what + "the name is missing, expected \"Section/Name=value\".");
      const std::vector<std::string> sections(parts.begin(), parts.end() - 1);
      for (const std::string &section : sections)
        {
          require(prm.subsection_path_exists({section}),
                  what + "there is no section '" + section + "' (" +
                    (section == "Refinement" ?
                       "it is called LSR since release 0.2" :
                       "see --print-parameters") +
                    ").");
          prm.enter_subsection(section);
        }
      try
        {
          prm.set(parts.back(), setting.substr(equals + 1));
        }
      catch (const std::exception &exception)
        {
          throw Error(what + error_message(exception) +
                      " (see --print-parameters)");
        }
      for (std::size_t i = 0; i < sections.size(); ++i)
        prm.leave_subsection();
    }



    /// The entries that belong to no section.
    void
    declare_global_parameters(dealii::ParameterHandler &prm)
    {
      using namespace dealii::Patterns;
      prm.declare_entry("Dimension",
                        "2",
                        Integer(1, 3),
                        "Dimension of the mesh; time counts as a dimension on "
                        "space-time meshes.");
      prm.declare_entry("Additional shared libraries",
                        "",
                        List(FileName()),
                        "Libraries with equations of your own (see "
                        "Equation/Name), separated by commas, relative to the "
                        "folder of this file. They are programs: use only "
                        "those that you trust.");
    }



    /// Make the names of input files relative to the working directory, and
    /// return them.
    std::vector<std::string>
    resolve_file_names(dealii::ParameterHandler &prm, const fs::path &folder)
    {
      std::vector<std::string> paths;
      for (const auto &[section, name] : {std::pair{"Mesh", "Mesh file"},
                                          {"Network", "File"},
                                          {"Network/Grid", "File"},
                                          {"Network/Grid", "Point file"},
                                          {"Instances", "File"},
                                          {"Instances/Family", "File"},
                                          {"Instances", "Training file"},
                                          {"Instances", "Branch"},
                                          {"Instances", "Trunk"}})
        in_section(prm, section, [&, entry = std::string(name)]() {
          const std::string file = prm.get(entry);
          if (!file.empty())
            {
              paths.push_back((folder / file).string());
              prm.set(entry, paths.back());
            }
        });
      return paths;
    }



    /// A number for the bytes of a file; 0 if there is none.
    std::size_t
    hash_of_file(const std::string &path)
    {
      std::ifstream      file(path, std::ios::binary);
      std::ostringstream bytes;
      bytes << file.rdbuf();
      return file ? std::hash<std::string>()(bytes.str()) : 0;
    }



    /// Throw where processes do not have the same parameters or input files:
    /// each reads them itself, maybe from a disk of its own.
    void
    require_same_input(dealii::ParameterHandler       &prm,
                       const std::vector<std::string> &paths)
    {
      const MPI_Comm world = MPI_COMM_WORLD;
      if (dealii::Utilities::MPI::n_mpi_processes(world) == 1)
        return;
      std::ostringstream text;
      prm.print_parameters(text, dealii::ParameterHandler::ShortPRM);
      std::vector<std::string> names  = {"the parameter file"};
      std::vector<std::size_t> hashes = {std::hash<std::string>()(text.str())};
      for (const std::string &path : paths)
        {
          names.push_back(path);
          hashes.push_back(hash_of_file(path));
        }
      const auto all = dealii::Utilities::MPI::all_gather(world, hashes);
      for (std::size_t rank = 1; rank < all.size(); ++rank)
        for (std::size_t i = 0; i < std::min(names.size(), all[rank].size());
             ++i)
          require(all[rank][i] == all[0][i],
                  names[i] + ": process " + std::to_string(rank) +
                    " has found another content than process 0, expected the "
                    "same for all.");
    }
  } // namespace



  KindOfProblem
  read_kind_of_problem(const CommandLine &command_line)
  {
    require(!command_line.file.empty() || command_line.print_parameters,
            "no parameter file given; see --help");
    const std::vector<std::pair<std::string, std::string>> entries = {
      {"Equation", "Name"},
      {"Instances", "File"},
      {"Instances", "Training file"},
      {"Instances/Family", "File"}};
    dealii::ParameterHandler prm;
    declare_global_parameters(prm);
    for (const auto &entry : entries)
      in_section(prm, entry.first, [&]() {
        prm.declare_entry(entry.second,
                          entry.first == "Equation" ? default_equation : "");
      });
    parse_file(command_line.file, prm, true);

    const auto is_for = [](const std::string &setting,
                           const std::string &name) {
      return setting.rfind(name + "=", 0) == 0;
    };
    for (const std::string &setting : command_line.settings)
      {
        bool known = is_for(setting, "Dimension") ||
                     is_for(setting, "Additional shared libraries");
        for (const auto &[section, name] : entries)
          known = known || is_for(setting, section + "/" + name);
        if (known)
          apply_setting(prm, setting);
      }

    for (const std::string &library : dealii::Utilities::split_string_list(
           prm.get("Additional shared libraries")))
      load_equations(library,
                     fs::path(command_line.file).parent_path().string());
    std::vector<std::string> values;
    for (const auto &entry : entries)
      in_section(prm, entry.first, [&]() {
        values.push_back(prm.get(entry.second));
      });
    return {int(prm.get_integer("Dimension")),
            values[0],
            !values[1].empty(),
            !values[2].empty(),
            !values[3].empty()};
  }



  bool
  read_parameters(const CommandLine &command_line)
  {
    auto &prm = dealii::ParameterAcceptor::prm;
    declare_global_parameters(prm);
    dealii::ParameterAcceptor::declare_all_parameters(prm);
    parse_file(command_line.file, prm);
    for (const std::string &setting : command_line.settings)
      apply_setting(prm, setting);
    if (command_line.print_parameters)
      {
        prm.print_parameters(std::cout, dealii::ParameterHandler::PRM);
        return false;
      }
    require_same_input(
      prm, resolve_file_names(prm, fs::path(command_line.file).parent_path()));
    dealii::ParameterAcceptor::parse_all_parameters(prm);
    return true;
  }
} // namespace lsr
