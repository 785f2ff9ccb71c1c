// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_parametric_table_h
#define lsr_applications_parametric_table_h

#include <deal.II/base/exceptions.h>
#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <algorithm>
#include <string>
#include <vector>

#include "applications/lsr/instances.h"

namespace lsr
{
  /// The section of a parameter file that says which instances of a parametric
  /// problem there are.
  class ParametricSection : public dealii::ParameterAcceptor
  {
  public:
    ParametricSection()
      : dealii::ParameterAcceptor("Instances")
    {
      using namespace dealii::Patterns;
      add_parameter("File",
                    file,
                    "Table of the instances that are refined (.csv), relative "
                    "to the folder of this file: names of functions of the "
                    "equation (Equation/Functions), and below them one line "
                    "of numbers for each instance.");
      add_parameter("Number",
                    number,
                    "How many instances of the table are refined; 0: all.",
                    this->prm,
                    Integer(0));
      add_parameter("Inputs",
                    inputs,
                    "Names of the columns that are inputs of the network, in "
                    "this order, after the coordinates.");
      add_parameter("Reference",
                    reference,
                    "The inputs at which the tangent space is taken; empty: "
                    "their means in the table.");
      add_parameter("Test functions",
                    test_functions,
                    "tangent space: the residual is tested by the functions of "
                    "the tangent space alone, so that no system of the size of "
                    "the mesh is solved (Galerkin's method). all: the norm "
                    "Refinement/Norm of the residual is minimized.",
                    this->prm,
                    Selection("tangent space|all"));
      add_parameter("Tolerance",
                    tolerance,
                    "An instance is done when the residual has fallen to this "
                    "fraction of the network's.",
                    this->prm,
                    Double(0, 1));
      add_parameter("Finite elements",
                    finite_elements,
                    "Whether each instance is also solved by finite elements, "
                    "for errors and times to compare with.");
      add_parameter("Training seconds",
                    training_seconds,
                    "What the training of the network has taken; counts when "
                    "the times are compared.",
                    this->prm,
                    Double(0));
      add_parameter("Training file",
                    training_file,
                    "lsr train: table of the instances whose "
                    "finite-element solutions the network is trained on.");
      add_parameter("Training points",
                    n_training_points,
                    "lsr train: nodes picked at random from each "
                    "solution; 0: all.",
                    this->prm,
                    Integer(0));
    }

    std::string              file;
    std::string              training_file;
    std::vector<std::string> inputs;
    std::vector<double>      reference;
    unsigned int             number            = 0;
    unsigned int             n_training_points = 0;
    std::string              test_functions    = "tangent space";
    double                   tolerance         = 1e-6;
    bool                     finite_elements   = true;
    double                   training_seconds  = 0;
  };



  /// Instances of a parametric problem.
  struct ParametricTable
  {
    std::vector<Instance> instances;

    /// What the network sees of each.
    std::vector<std::vector<double>> inputs;

    std::vector<double>
    mean_inputs() const
    {
      std::vector<double> mean(inputs[0].size(), 0.);
      for (const std::vector<double> &mu : inputs)
        for (std::size_t k = 0; k < mean.size(); ++k)
          mean[k] += mu[k] / inputs.size();
      return mean;
    }
  };



  /// The names in Equation/Functions.
  inline std::vector<std::string>
  function_names()
  {
    auto &prm = dealii::ParameterAcceptor::prm;
    prm.enter_subsection("Equation");
    const std::string text = prm.get("Functions");
    prm.leave_subsection();
    std::vector<std::string> names;
    for (const std::string &entry :
         dealii::Utilities::split_string_list(text, ';'))
      names.push_back(
        dealii::Utilities::trim(entry.substr(0, entry.find(':'))));
    return names;
  }



  /// Read the table @p path, whose columns have to be functions of the
  /// equation, and among them @p inputs of numbers.
  inline ParametricTable
  read_parametric_table(const std::string              &path,
                        const std::vector<std::string> &inputs)
  {
    AssertThrow(!inputs.empty(),
                dealii::ExcMessage("Instances/Inputs is empty, expected the "
                                   "names of columns of " +
                                   path + "."));
    ParametricTable table;
    table.instances = read_instances(path);

    const std::vector<std::string> functions = function_names();
    for (const auto &[name, text] : table.instances[0])
      AssertThrow(std::count(functions.begin(), functions.end(), name) > 0,
                  dealii::ExcMessage(path + ", line 1: found '" + name +
                                     "', expected names of functions of the "
                                     "equation (Equation/Functions)."));
    for (const std::string &name : inputs)
      AssertThrow(table.instances[0].count(name) > 0,
                  dealii::ExcMessage("Instances/Inputs: found '" + name +
                                     "', expected names of columns of " + path +
                                     "."));

    for (std::size_t i = 0; i < table.instances.size(); ++i)
      {
        std::vector<double> &mu = table.inputs.emplace_back();
        for (const std::string &name : inputs)
          {
            const std::string &text = table.instances[i].at(name);
            AssertThrow(dealii::Patterns::Double().match(text),
                        dealii::ExcMessage(path + ", line " +
                                           std::to_string(i + 2) + ": found '" +
                                           text + "' for " + name +
                                           ", expected a number, for it is an "
                                           "input of the network."));
            mu.push_back(std::stod(text));
          }
      }
    return table;
  }
} // namespace lsr

#endif
