// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_refine_instances_h
#define lsr_applications_refine_instances_h

#include <deal.II/base/mpi.h>

#include <string>
#include <type_traits>

#include "applications/lsr/program.h"

namespace lsr
{
  /// Refine all instances of a parameter file.
  template <int dim>
  void
  refine_instances(const MPI_Comm     world,
                   const CommandLine &command_line,
                   const std::string &equation,
                   const std::integral_constant<int, dim>);
} // namespace lsr

#endif
