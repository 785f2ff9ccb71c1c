// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_performance_data_h
#define lsr_tests_performance_data_h

#include <lsr/refine/data_set.h>

#include <cstdint>
#include <string>
#include <vector>

#include "applications/studies/study.h"

namespace lsr
{
  namespace performance
  {
    /// Some points of a data set that are used for the same.
    struct Share
    {
      DataSet::Part part;
      std::size_t   n_points;
    };

    /// Room for the points of all @p shares, in this order, with one target
    /// each.
    DataSet
    make_data_set(unsigned int n_inputs, const std::vector<Share> &shares);

    /// A program that writes a trained network and the data to refine it with.
    class ProblemProgram : public lsr_studies::Study
    {
    public:
      /// Coordinates are written with @p n_digits significant digits.
      ProblemProgram(CLI::App &app, int n_digits);

    protected:
      virtual DataSet
      make_data() const = 0;

      virtual void
      write_trained_network(const DataSet &data) const = 0;

      std::string   model;
      std::size_t   n_validation = 0;
      std::uint64_t seed         = 0;

    private:
      void
      run() override;

      std::string points;
      double      noise       = 0;
      bool        points_only = false;
      const int   n_digits;
    };
  } // namespace performance
} // namespace lsr

#endif
