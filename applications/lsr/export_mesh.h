// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_export_mesh_h
#define lsr_applications_export_mesh_h

#include <deal.II/base/mpi.h>

#include <string>
#include <type_traits>

#include "applications/lsr/refine_options.h"

namespace lsr
{
  /// Write the mesh of a parameter file into an HDF5 file, for networks whose
  /// sample are fields at its nodes: `points` (nodes x coordinates), `cells`
  /// (cells x nodes of a cell, in deal.II's order) and `boundary` (pairs of a
  /// node and a boundary id).
  template <int dim>
  void
  export_mesh(const MPI_Comm       world,
              const std::string   &equation,
              const RefineOptions &options,
              const std::integral_constant<int, dim>);
} // namespace lsr

#endif
