// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_instances_h
#define lsr_applications_instances_h

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/refine/family.h>
#include <lsr/refine/sampling.h>

#include <deal.II/base/parameter_acceptor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /// The part of a parameter file for one correction of a network for a whole
  /// family of instances.
  class FamilySection
  {
  public:
    /// Add the parameters to @p section, which has to outlive this object.
    void
    add_to(dealii::ParameterAcceptor &section);

    /// Whether each instance has a correction of its own.
    bool
    empty() const
    {
      return file.empty();
    }

    std::string               file;
    unsigned int              n_held_out = 20;
    FamilyParameters          refinement;
    FamilyAlignmentParameters alignment = no_alignment();

  private:
    static FamilyAlignmentParameters
    no_alignment()
    {
      FamilyAlignmentParameters result;
      result.n_steps = 0;
      return result;
    }
  };



  /// The section of a parameter file that says which instances of a problem
  /// there are, and how their networks come about.
  class InstancesParameters : public dealii::ParameterAcceptor
  {
  public:
    static constexpr const char *default_function = "input";

    InstancesParameters();

    std::string              file, training_file, branch, trunk;
    std::string              input_function = default_function;
    std::vector<std::string> inputs;
    std::vector<double>      reference;
    unsigned int             n_sensors        = 100;
    std::string              test_functions   = "tangent space";
    double                   tolerance        = 1e-6;
    bool                     finite_elements  = true;
    double                   training_seconds = 0;

    /// Instances, and points of each that the network is trained on; not given:
    /// all.
    std::optional<unsigned int> number, n_training_points;

    FamilySection family;

    /// Whether the network is an operator: a branch and a trunk.
    bool
    has_operator() const
    {
      return !branch.empty();
    }

    /// Whether the network takes, after the coordinates, the values of the
    /// input function at the sensors.
    bool
    has_sensors() const
    {
      return inputs.empty();
    }

    /// The number of inputs of the network after the coordinates.
    unsigned int
    n_inputs() const
    {
      return has_sensors() ? n_sensors : inputs.size();
    }
  };



  /// One instance of a problem: the functions of its equation, by name; see
  /// AdvectionDiffusionReaction::set_functions().
  using Instance = std::map<std::string, std::string>;



  struct InstanceTable
  {
    std::vector<Instance> instances;

    /// Path and line of each, for messages.
    std::vector<std::string> places;

    /// The numbers of each that are inputs of the network, and their means.
    std::vector<std::vector<double>> inputs;
    std::vector<double>              mean_inputs;
  };



  /**
   * Read instances, one a line, from a table whose titles are names of
   * functions of the equation (Equation/Functions) and whose entries are
   * expressions or numbers; those of @p inputs have to be numbers.
   */
  InstanceTable
  read_instances(const std::string              &path,
                 const std::vector<std::string> &inputs);

  /// The instances that section Instances asks for. The network of each may be
  /// known without Instances/Inputs.
  InstanceTable
  read_instances(const InstancesParameters &parameters,
                 const bool                 inputs_known = false);



  /// Let @p equation parse the functions of all instances before the work on
  /// the first of them begins, which it has then. Throws with the line of the
  /// table.
  template <int dim>
  void
  check_functions(const InstanceTable             &table,
                  AdvectionDiffusionReaction<dim> &equation);



  /// The points of @p nodes with @p inputs after their coordinates.
  Sampling
  with_inputs(const Sampling &nodes, const std::vector<double> &inputs);
} // namespace lsr

#endif
