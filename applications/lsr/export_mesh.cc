// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine problem.prm --export-mesh FILE: the mesh for programs that train
// networks on it.

#include "applications/lsr/export_mesh.h"

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/fe/nodal_sampling.h>

#include <deal.II/dofs/dof_tools.h>

#include <ostream>

#include "applications/lsr/problem_case.h"
#include "source/refine/hdf5_file.h"

namespace lsr
{
  namespace
  {
    /// The number of the node of each degree of freedom.
    std::vector<std::int64_t>
    nodes_of_dofs(const Sampling    &nodes,
                  const std::size_t  n_dofs,
                  const unsigned int n_components)
    {
      std::vector<std::int64_t> result(n_dofs);
      for (std::size_t i = 0; i < n_dofs; ++i)
        result[i] = nodes.rows.empty() ? i : nodes.rows[i] / n_components;
      return result;
    }



    /// Coordinates, point after point.
    HDF5Array
    coordinates(const Block &points)
    {
      const HostBlock host = to_host(points);
      HDF5Array       result{host.extent(1), host.extent(0), {}};
      for (std::size_t i = 0; i < result.n_rows; ++i)
        for (std::size_t d = 0; d < result.n_columns; ++d)
          result.values.push_back(host(d, i));
      return result;
    }



    /// The nodes of each cell.
    template <int dim>
    std::vector<std::int64_t>
    cells(const dealii::DoFHandler<dim>   &dof_handler,
          const std::vector<std::int64_t> &node)
    {
      const dealii::FiniteElement<dim>            &fe = dof_handler.get_fe();
      std::vector<std::int64_t>                    result;
      std::vector<dealii::types::global_dof_index> dofs(fe.n_dofs_per_cell());
      for (const auto &cell : dof_handler.active_cell_iterators())
        {
          cell->get_dof_indices(dofs);
          for (unsigned int i = 0; i < dofs.size(); ++i)
            if (fe.system_to_component_index(i).first == 0)
              result.push_back(node[dofs[i]]);
        }
      return result;
    }



    /// Nodes on the boundary, and the id of the part on which they are.
    template <int dim>
    std::vector<std::int64_t>
    boundary(const Discretization<dim>       &discretization,
             const std::vector<std::int64_t> &node)
    {
      std::vector<std::int64_t> result;
      std::vector<bool>         first(discretization.n_components(), false);
      first[0] = true;
      for (const auto id : discretization.boundary_ids())
        for (const auto dof : dealii::DoFTools::extract_boundary_dofs(
               discretization.dof_handler(),
               dealii::ComponentMask(first),
               {id}))
          {
            result.push_back(node[dof]);
            result.push_back(id);
          }
      return result;
    }
  } // namespace



  template <int dim>
  void
  export_mesh(const MPI_Comm       world,
              const std::string   &equation,
              const RefineOptions &options,
              const std::integral_constant<int, dim>)
  {
    ProblemCase<dim> run(world, equation);
    if (!read_parameters(options))
      return;
    const auto expect = [](const bool condition, const std::string &text) {
      require(condition, "--export-mesh: " + text);
    };
    expect(dealii::Utilities::MPI::n_mpi_processes(world) == 1,
           "found several processes, expected one (a file for all nodes).");
    expect(run.problem.n_adaptive_refinements() == 0,
           "Mesh/Adaptive refinements is set, expected 0: there is no network "
           "yet to adapt the mesh to.");
    prepare_output_file(options.exported_mesh, {options.file});
    run.problem.setup();
    print_mesh(run.problem, run.pcout);

    const auto    &discretization = run.problem.discretization;
    const auto    &dof_handler    = discretization.dof_handler();
    const Sampling nodes          = nodal_sampling(discretization.mapping(),
                                          dof_handler,
                                          discretization.n_components());
    const auto     node =
      nodes_of_dofs(nodes, dof_handler.n_dofs(), discretization.n_components());
    HDF5Content content;
    content.arrays["points"]     = coordinates(nodes.points);
    content.integers["cells"]    = cells(dof_handler, node);
    content.integers["boundary"] = boundary(discretization, node);
    content.n_columns["cells"] =
      dof_handler.get_fe().base_element(0).n_dofs_per_cell();
    content.n_columns["boundary"] = 2;
    write_atomically(options.exported_mesh,
                     [&](std::ostream &out) { out << hdf5_image(content); });
    run.pcout << "Written: " << options.exported_mesh << ", "
              << nodes.points.extent(1) << " nodes" << std::endl;
  }



#define LSR_INSTANTIATE(dim)                       \
  template void export_mesh(const MPI_Comm,        \
                            const std::string &,   \
                            const RefineOptions &, \
                            const std::integral_constant<int, dim>);
  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)
#undef LSR_INSTANTIATE
} // namespace lsr
