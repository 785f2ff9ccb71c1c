// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_instances_h
#define lsr_applications_instances_h

#include <deal.II/base/exceptions.h>
#include <deal.II/base/mpi.h>
#include <deal.II/base/utilities.h>

#include <fstream>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace lsr
{
  /// One instance of a problem: what the functions of its equation are, by
  /// name; see AdvectionDiffusionReaction::set_functions().
  using Instance = std::map<std::string, std::string>;

  /**
   * Read instances, one a line, from a table whose titles are the names of the
   * functions and whose entries are expressions or numbers, separated by
   * commas.
   */
  inline std::vector<Instance>
  read_instances(const std::string &path)
  {
    std::ifstream file(path);
    AssertThrow(file.good(),
                dealii::ExcMessage("The table of instances \"" + path +
                                   "\" cannot be opened."));
    const auto split = [](const std::string &line) {
      return dealii::Utilities::split_string_list(line, ',');
    };
    std::string line;
    std::getline(file, line);
    const std::vector<std::string> names = split(line);
    std::vector<Instance>          instances;
    for (unsigned int number = 2; std::getline(file, line); ++number)
      {
        const std::vector<std::string> texts = split(line);
        AssertThrow(texts.size() == names.size(),
                    dealii::ExcMessage(
                      path + ", line " + std::to_string(number) + ": found " +
                      std::to_string(texts.size()) + " entries, expected " +
                      std::to_string(names.size()) + " as in the first line."));
        Instance &instance = instances.emplace_back();
        for (unsigned int i = 0; i < names.size(); ++i)
          instance[names[i]] = texts[i];
      }
    AssertThrow(!instances.empty(),
                dealii::ExcMessage(path +
                                   ": no instances, expected a line with the "
                                   "names of functions and below it one line "
                                   "for each instance."));
    return instances;
  }


  struct CommandLine;

  /// Refine all instances of a parameter file.
  template <int dim>
  void
  refine_instances(const MPI_Comm     world,
                   const CommandLine &command_line,
                   const std::string &equation,
                   const std::integral_constant<int, dim>);
} // namespace lsr

#endif
