// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr refine with Instances/Family: one correction of a network for all
// instances of a problem.

#include <lsr/fe/error_message.h>
#include <lsr/refine/family.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <random>

#include "applications/lsr/instances_case.h"

namespace lsr
{
  namespace
  {
    /// Points of all members for a subspace that is made from points: of each
    /// some, picked at random.
    template <int dim>
    Block
    sample_points(const InstancesCase<dim> &run, const Family &family)
    {
      const double n_wanted =
        2. * (run.parameters.refinement.basis.n_directions + 1000.);
      const std::size_t   n_each = std::ceil(n_wanted / family.n_members);
      std::mt19937_64     generator{run.parameters.refinement.basis.seed};
      std::vector<double> coordinates;
      std::size_t         n_inputs = 0;
      for (std::size_t i = 0; i < family.n_members; ++i)
        {
          const HostBlock points = to_host(family.member(i).sampling.points);
          n_inputs               = points.extent(0);
          std::vector<std::size_t> picked(points.extent(1));
          std::iota(picked.begin(), picked.end(), 0);
          std::shuffle(picked.begin(), picked.end(), generator);
          picked.resize(std::min(n_each, picked.size()));
          for (const std::size_t k : picked)
            coordinates.insert(coordinates.end(),
                               &points(0, k),
                               &points(0, k) + n_inputs);
        }
      const Block result = make_block(n_inputs, coordinates.size() / n_inputs);
      Kokkos::deep_copy(result,
                        HostBlock(coordinates.data(),
                                  result.extent(0),
                                  result.extent(1)));
      return result;
    }



    /// Numbers [first, last).
    std::vector<std::size_t>
    range(const std::size_t first, const std::size_t last)
    {
      std::vector<std::size_t> result(last - first);
      std::iota(result.begin(), result.end(), first);
      return result;
    }



    template <int dim>
    void
    save(InstancesCase<dim> &run,
         const MPI_Comm      world,
         const std::string  &file,
         const Network      &network)
    {
      on_first_rank(world, [&]() {
        network.save(run.parameters.output.folder + "/" + file);
      });
      run.written.push_back(file);
    }
  } // namespace



  template <int dim>
  InstanceTable
  read_family(InstancesCase<dim> &run)
  {
    const InstancesParameters &instances = run.parameters.instances;
    const FamilySection       &section   = instances.family;
    const GridParameters      &grid      = run.parameters.network.grid;
    require(grid.empty() || !grid.expressions().empty(),
            "Network/Grid/File is set, expected Network/Grid/Inputs: what "
            "the network takes follows from the table of a family.");
    InstanceTable table = read_instances(section.file, instances.inputs);
    require(section.n_held_out < table.instances.size(),
            "Instances/Family/Held out is " +
              std::to_string(section.n_held_out) +
              ", expected less than the instances in " + section.file +
              ", which are " + std::to_string(table.instances.size()) + ".");
    check_functions(table, run.problem.advection_diffusion_reaction());
    return table;
  }



  template <int dim>
  void
  refine_family(InstancesCase<dim>  &run,
                const InstanceTable &table,
                const MPI_Comm       world)
  {
    const FamilySection &section = run.parameters.instances.family;
    const auto           print   = [&](const std::string &line) {
      run.pcout << line << std::endl;
    };
    const Family family{
      table.instances.size(),
      [&](const std::size_t i) {
        run.problem.set_functions(table.instances[i]);
        return FamilyMember{instance_points(run, table, i), make_residual(run)};
      },
      world};
    const std::size_t n_fitted = family.n_members - section.n_held_out;
    const auto        fitted   = range(0, n_fitted);

    run.loaded_network     = run.space.network->clone();
    Network       &network = *run.space.network;
    FamilySummary &summary = run.report.family.emplace();
    if (section.alignment.n_steps > 0)
      {
        run.pcout << "Aligning the network with " << n_fitted << " instances"
                  << std::endl;
        FamilyAlignmentParameters alignment = section.alignment;
        alignment.n_columns                 = section.refinement.n_columns;
        alignment.progress                  = print;
        summary.timer.run("alignment",
                          [&]() { align(network, family, fitted, alignment); });
        save(run, world, "aligned.pt", network);
      }

    const TangentBasisParameters subspace =
      run.parameters.refinement.basis_of(0);
    run.pcout << "Refining the network in " << subspace.n_directions << ' '
              << subspace.type << " directions for " << n_fitted
              << " instances, with " << section.n_held_out << " held out"
              << std::endl;
    FamilyParameters parameters = section.refinement;
    parameters.fit.progress     = print;
    parameters.fit.choice.rank  = run.parameters.refinement.fixed_rank();
    const bool needs_points =
      subspace.type != "structured" && subspace.type != "parameters";
    const auto             basis  = summary.timer.run("subspace", [&]() {
      return make_tangent_basis(
        network, subspace, needs_points ? sample_points(run, family) : Block());
    });
    const FamilyRefinement result = refine(
      *basis, family, fitted, range(n_fitted, family.n_members), parameters);
    summary.timer.add(result.fit.timer);
    summary.n_members    = result.members.size();
    summary.n_held_out   = section.n_held_out;
    summary.lambda       = result.fit.choice.lambda;
    run.report.n_columns = result.fit.choice.rank;
    network              = network.refined(result.fit.correction);
    save(run, world, "refined.pt", network);
  }



#define LSR_INSTANTIATE(dim)                                  \
  template InstanceTable read_family(InstancesCase<dim> &);   \
  template void          refine_family(InstancesCase<dim> &,  \
                                       const InstanceTable &, \
                                       const MPI_Comm);
  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)
#undef LSR_INSTANTIATE
} // namespace lsr
