// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/instances.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/fe/error_message.h>

#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "applications/lsr/optional_parameter.h"
#include "source/base/read_file.h"
#include "source/base/text_table.h"

namespace lsr
{
  InstancesParameters::InstancesParameters()
    : dealii::ParameterAcceptor("Instances")
  {
    using namespace dealii::Patterns;
    add_parameter(
      "File",
      file,
      "Table of the instances that are refined (.csv), relative to "
      "the folder of this file: names of functions of the equation "
      "(Equation/Functions), and below them one line of numbers or "
      "expressions for each instance. Empty: there is one problem.");
    add_parameter("Number",
                  number,
                  "How many instances of the table are refined; 0: all.",
                  this->prm,
                  Integer(0));
    add_parameter("Inputs",
                  inputs,
                  "Names of the columns that are inputs of the network, in "
                  "this order, after the coordinates.");
    add_parameter("Branch",
                  branch,
                  "TorchScript file with the branch of a network for an "
                  "operator (DeepONet), in the place of Network/File: it takes "
                  "the values of the input function at the sensors, and the "
                  "inner product of its outputs with those of the trunk is the "
                  "field. It is a program: use only files that you trust.");
    add_parameter("Trunk",
                  trunk,
                  "TorchScript file with the trunk, which takes coordinates. "
                  "Its layers are those of section Training.");
    add_parameter("Input function",
                  input_function,
                  "What the network takes at sensors, an expression in x, "
                  "mostly the name of a function of the equation: the input of "
                  "the branch, or, without a branch and with no names in "
                  "Inputs, inputs of Network/File after the coordinates.");
    add_parameter("Sensors",
                  n_sensors,
                  "Number of equidistant sensors in [0, 1], ends included.",
                  this->prm,
                  Integer(2));
    add_parameter(
      "Reference",
      reference,
      "The inputs at which the tangent space is taken; empty: their "
      "means in the table. With a branch, each instance has its own "
      "tangent space.");
    add_parameter("Test functions",
                  test_functions,
                  "tangent space: the residual is tested by the functions of "
                  "the tangent space alone, so that no system of the size of "
                  "the mesh is solved (Galerkin's method). all: the norm "
                  "LSR/Norm of the residual is minimized.",
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
                  "Time of the training of the network; counts when the times "
                  "are compared.",
                  this->prm,
                  Double(0));
    add_parameter("Training file",
                  training_file,
                  "lsr train: table of the instances whose finite-element "
                  "solutions the network is trained on.");
    add_parameter("Training points",
                  n_training_points,
                  "lsr train: nodes picked at random from each solution; 0: "
                  "all.",
                  this->prm,
                  Integer(0));
    enter_subsection("Family");
    family.add_to(*this);
    leave_subsection();
  }



  void
  FamilySection::add_to(dealii::ParameterAcceptor &section)
  {
    using namespace dealii::Patterns;
    auto &prm = section.prm;
    section.add_parameter(
      "File",
      file,
      "Table of instances like Instances/File, of any length: the network gets "
      "one correction for all parameters, which makes the residuals of these "
      "instances small, and those of Instances/File only tell how good it is. "
      "No solution of theirs is needed. Norms are LSR/Norm, relative to each "
      "instance. Empty: a correction for each instance of Instances/File.");
    section.add_parameter(
      "Held out",
      n_held_out,
      "The last instances of the table, so many of them, are not fitted but "
      "choose rank and damping.",
      prm,
      Integer(0));
    section.add_parameter(
      "Columns",
      refinement.n_columns,
      "Dimensions of the space of fields, taken from the tangent space of each "
      "instance, in which its residual is seen.",
      prm,
      Integer(1));
    section.add_parameter(
      "At first",
      refinement.n_at_first,
      "Instances that are fitted first; then their number is doubled again and "
      "again by those whose residual is largest. 0: all at once.",
      prm,
      Integer(0));
    section.add_parameter("At most",
                          refinement.n_at_most,
                          "Instances that are fitted at last; 0: all.",
                          prm,
                          Integer(0));
    section.add_parameter(
      "Alignment steps",
      alignment.n_steps,
      "Damped Gauss-Newton steps on the parameters of the network itself, "
      "before it is refined; the result is also written as a plain network, "
      "aligned.pt.",
      prm,
      Integer(0));
    section.add_parameter("Alignment directions",
                          alignment.n_directions,
                          "Random directions of such a step.",
                          prm,
                          Integer(1));
    section.add_parameter(
      "Alignment instances",
      alignment.n_members,
      "Instances of such a step, drawn anew for each; 0: all.",
      prm,
      Integer(0));
    section.add_parameter("Seed",
                          alignment.seed,
                          "Seed of the instances and directions of the "
                          "alignment.");
  }



  namespace
  {
    /// The names in Equation/Functions.
    std::vector<std::string>
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



    /// Numbers as expressions have them: no exponent of Fortran, no hexadecimal
    /// digits, and all other texts as they are.
    std::string
    in_usual_spelling(const std::string &text)
    {
      const auto number = parse_number(text);
      if (!number || !std::isfinite(*number))
        return text;
      std::array<char, 32> digits;
      return {digits.data(),
              std::to_chars(digits.begin(), digits.end(), *number).ptr};
    }



    /// Set the inputs of all instances, and their means.
    void
    set_inputs(InstanceTable                  &table,
               const std::string              &path,
               const std::vector<std::string> &names)
    {
      for (const std::string &name : names)
        require(table.instances[0].count(name) > 0,
                "Instances/Inputs: found '" + name +
                  "', expected names of columns of " + path + ".");
      const std::size_t n = table.instances.size();
      table.mean_inputs.assign(names.size(), 0.);
      for (std::size_t i = 0; i < n; ++i)
        {
          std::vector<double> &numbers = table.inputs.emplace_back();
          for (std::size_t k = 0; k < names.size(); ++k)
            {
              const std::string &text   = table.instances[i].at(names[k]);
              const auto         number = parse_number(text);
              require(number && std::isfinite(*number),
                      table.places[i] + ": found '" + text + "' for " +
                        names[k] +
                        ", expected a number, for it is an input of the "
                        "network.");
              numbers.push_back(*number);
              table.mean_inputs[k] += numbers[k] / n;
            }
        }
    }
  } // namespace



  InstanceTable
  read_instances(const std::string              &path,
                 const std::vector<std::string> &inputs)
  {
    const TextTable text(read_file(path, "a table of instances"),
                         path,
                         TextTable::Content::texts);
    const std::vector<std::string> &names = text.names();
    require(text.n_rows() > 0,
            path + ": no instances, expected a line with the names of "
                   "functions and below it one line for each instance.");
    require(!names.empty(),
            text.where(0) + ": no names above it, expected a line with the "
                            "names of functions of the equation "
                            "(Equation/Functions).");
    const std::vector<std::string> functions = function_names();
    for (const std::string &name : names)
      require(std::count(functions.begin(), functions.end(), name) > 0,
              path + ", line " + std::to_string(text.names_line()) +
                ": found '" + name +
                "', expected names of functions of the equation "
                "(Equation/Functions).");

    InstanceTable table;
    for (std::size_t i = 0; i < text.n_rows(); ++i)
      {
        const std::vector<std::string> cells = text.cells(i);
        Instance &instance                   = table.instances.emplace_back();
        table.places.push_back(text.where(i));
        for (std::size_t j = 0; j < names.size(); ++j)
          {
            require(!cells[j].empty(),
                    text.where(i) + ": nothing for " + names[j] +
                      ", expected an expression or a number.");
            instance[names[j]] = in_usual_spelling(cells[j]);
          }
      }
    set_inputs(table, path, inputs);
    return table;
  }



  InstanceTable
  read_instances(const InstancesParameters &parameters, const bool inputs_known)
  {
    const std::vector<std::string> functions = function_names();
    const bool                     has_function =
      parameters.input_function != InstancesParameters::default_function ||
      std::count(functions.begin(),
                 functions.end(),
                 parameters.input_function) > 0;
    require(inputs_known || has_function || !parameters.inputs.empty(),
            "Instances/Inputs is empty, expected names of columns of " +
              parameters.file +
              ", or a function of the equation that the network takes at "
              "sensors in Instances/Input function.");
    InstanceTable table = read_instances(parameters.file, parameters.inputs);
    if (!parameters.number)
      return table;
    require(*parameters.number <= table.instances.size(),
            "Instances/Number is " + std::to_string(*parameters.number) +
              ", but " + parameters.file + " has only " +
              std::to_string(table.instances.size()) + ".");
    table.instances.resize(*parameters.number);
    table.inputs.resize(*parameters.number);
    return table;
  }



  template <int dim>
  void
  check_functions(const InstanceTable             &table,
                  AdvectionDiffusionReaction<dim> &equation)
  {
    for (std::size_t i = table.instances.size(); i-- > 0;)
      try
        {
          equation.set_functions(table.instances[i]);
        }
      catch (const dealii::ExceptionBase &exception)
        {
          throw Error(table.places[i] + ": " + error_message(exception));
        }
  }

  template void
  check_functions(const InstanceTable &, AdvectionDiffusionReaction<1> &);
  template void
  check_functions(const InstanceTable &, AdvectionDiffusionReaction<2> &);
  template void
  check_functions(const InstanceTable &, AdvectionDiffusionReaction<3> &);



  Sampling
  with_inputs(const Sampling &nodes, const std::vector<double> &inputs)
  {
    const HostBlock   x   = to_host(nodes.points);
    const std::size_t dim = x.extent(0);
    const HostBlock   all("lsr::points", dim + inputs.size(), x.extent(1));
    for (std::size_t i = 0; i < x.extent(1); ++i)
      {
        for (std::size_t d = 0; d < dim; ++d)
          all(d, i) = x(d, i);
        for (std::size_t k = 0; k < inputs.size(); ++k)
          all(dim + k, i) = inputs[k];
      }
    return {to_memory_space(all), nodes.rows};
  }
} // namespace lsr
