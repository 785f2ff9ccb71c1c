// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_evaluation_h
#define lsr_applications_evaluation_h

#include <lsr/base/atomic_file.h>
#include <lsr/refine/data_set.h>
#include <lsr/refine/refined_network.h>

#include <filesystem>
#include <iostream>
#include <string>

namespace lsr
{
  /// A line of progress; standard output is for reports.
  inline void
  say(const std::string &line)
  {
    std::cerr << line << std::endl;
  }



  /// Make sure that @p file, if there is one, can be written later on.
  inline void
  prepare_folder_of(const std::string &file)
  {
    if (!file.empty())
      prepare_output_folder(
        std::filesystem::absolute(file).parent_path().string());
  }



  /// The refined prediction at the points of @p data, in its targets.
  inline DataSet
  evaluate(const RefinedNetwork &refined, DataSet data)
  {
    data.targets = make_column(data.n_points() * refined.network.n_outputs());
    refined.network.evaluate(data.points, data.targets, refined.correction);
    return data;
  }
} // namespace lsr

#endif
