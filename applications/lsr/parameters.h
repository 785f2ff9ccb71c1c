// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_parameters_h
#define lsr_applications_parameters_h

#include <lsr/network/fully_connected.h>
#include <lsr/network/network.h>
#include <lsr/network/network_layout.h>
#include <lsr/network/training.h>
#include <lsr/refine/iterative_lsr.h>
#include <lsr/refine/tangent_basis.h>

#include <deal.II/base/exceptions.h>
#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/patterns.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "applications/lsr/grid_parameters.h"
#include "applications/lsr/instances.h"
#include "applications/lsr/optional_parameter.h"

// The sections of a parameter file besides those of Problem. All programs know
// all of them, so that one file serves for training and for refining.

namespace lsr
{
  /// The network of a parameter file.
  class NetworkParameters : public dealii::ParameterAcceptor
  {
  public:
    NetworkParameters()
      : dealii::ParameterAcceptor("Network")
    {
      add_parameter(
        "File",
        file,
        "File with the network, relative to the folder of this "
        "file: TorchScript, .pt2, a refined network, or a checkpoint (safetensors, a "
        "state_dict of PyTorch, .npz), whose tensors are used as "
        "section Layout says. TorchScript is a program: use only "
        "files that you trust. If empty, the network is an untrained "
        "one, made as section Training says, with which iterations "
        "begin (Iterations/Number above 1), or that has "
        "Training/Features and is refined once.");
      add_parameter("Inputs",
                    inputs,
                    "If forward() takes several tensors or a dictionary: their "
                    "names in the order of the columns, with the number of "
                    "columns where it is not clear, such as 'branch: 8, "
                    "trunk: 2'. Empty: in the order of forward().");
      add_parameter("SHA-256",
                    checksum,
                    "The SHA-256 that the file has to have, as sha256sum "
                    "prints it and as report.json has it. Empty: any.");
      add_parameter("Time",
                    time,
                    "If the network has time as a further input after the "
                    "coordinates, its value; otherwise empty.");
      add_parameter(
        "Mesh coordinates",
        mesh_coordinates,
        "Whether the network has coordinates before Mesh/Grading as "
        "inputs, in which layers that the mesh resolves are wide.");
      add_parameter("Input shift",
                    scaling.input_shift,
                    "The network sees (x - shift) * scale. Empty: x.");
      add_parameter("Input scale", scaling.input_scale, "See Input shift.");
      add_parameter("Output shift",
                    scaling.output_shift,
                    "The field is shift + scale * what the network returns. "
                    "Empty: what the network returns.");
      add_parameter("Output scale", scaling.output_scale, "See Output shift.");
      enter_subsection("Layout");
      for (const NetworkLayout::Entry &entry : NetworkLayout::entries())
        add_parameter(entry.name, layout.*entry.value, entry.description);
      leave_subsection();
      enter_subsection("Grid");
      grid.add_to(*this);
      leave_subsection();
    }

    /// The file, which has to be given. Throws if it is not.
    const std::string &
    required_file() const
    {
      AssertThrow(!file.empty(),
                  dealii::ExcMessage("Network/File is empty, expected the name "
                                     "of a file."));
      return file;
    }

    /// The network in it: a function of points with so many inputs, or, if a
    /// grid is given, an operator that returns so many fields.
    Network
    load(const unsigned int n_inputs, const unsigned int n_outputs) const
    {
      return load(required_file(), n_inputs, n_outputs, layout, checksum);
    }

    /// Another network, called in the same way.
    Network
    load(const std::string   &path,
         const unsigned int   n_inputs,
         const unsigned int   n_outputs,
         const NetworkLayout &layout_of_path,
         const std::string   &checksum_of_path = "") const
    {
      Network::Inputs options;
      options.names = inputs;
      if (grid.empty())
        return layout_of_path.load(path,
                                   n_inputs,
                                   n_outputs,
                                   {scaling, options, checksum_of_path});
      options.sample_sizes = grid.sample_sizes();
      return layout_of_path.load(path,
                                 grid.n_inputs(),
                                 n_outputs * grid.n_grid_points(),
                                 {scaling, options, checksum_of_path});
    }

    std::optional<double>
    time_value() const
    {
      if (time.empty())
        return std::nullopt;
      const double value = std::strtod(time.c_str(), nullptr);
      AssertThrow(dealii::Patterns::Double().match(time) &&
                    std::isfinite(value),
                  dealii::ExcMessage("Network/Time is '" + time +
                                     "', expected a number or nothing."));
      return value;
    }

    std::string      file = "network.pt";
    std::string      inputs;
    std::string      checksum;
    bool             mesh_coordinates = false;
    Network::Scaling scaling;
    NetworkLayout    layout;
    GridParameters   grid;

  private:
    std::string time;
  };



  /// How the network of a parameter file is refined.
  class SubspaceParameters : public dealii::ParameterAcceptor
  {
  public:
    SubspaceParameters()
      : dealii::ParameterAcceptor("LSR")
    {
      using namespace dealii::Patterns;
      add_parameter("Subspace",
                    basis.type,
                    "structured: random rank-one directions for each weight "
                    "matrix, fast. rsvd: leading singular directions of the "
                    "network's Jacobian (Algorithm 1 of the paper). nystrom: "
                    "rows of the Jacobian at some of the points. range: random "
                    "combinations of its rows, good for grid operators. "
                    "parameters: single parameters, picked at random.",
                    this->prm,
                    Selection(TangentBasisParameters::types));
      add_parameter("Directions",
                    basis.n_directions,
                    "Number of directions of the subspace.",
                    this->prm,
                    Integer(1));
      add_parameter("Rank",
                    rank,
                    "Number of columns used for the solution, or auto: as few "
                    "as give a residual norm within one per cent of the best.");
      add_parameter("Norm",
                    norm,
                    "Norm of the residual that is minimized: l2 (Euclidean), "
                    "mass (scaled by the lumped mass matrix), dual (H^-1 with "
                    "the symmetric part of the Jacobian; the energy error of "
                    "symmetric problems), sobolev (H^-1 with mass matrix plus "
                    "c times Laplace matrix, in space alone for evolutions).",
                    this->prm,
                    Selection("l2|mass|dual|sobolev"));
      add_parameter("Sobolev weight",
                    sobolev_weight,
                    "The number c of the sobolev norm.",
                    this->prm,
                    Double(0));
      add_parameter("Dirichlet row weight",
                    dirichlet_row_weight,
                    "Weight of the rows of Dirichlet conditions where they are "
                    "not imposed strongly.",
                    this->prm,
                    Double(0));
      add_parameter("Linearizations",
                    max_linearizations,
                    "Largest number of times that residual and Jacobian are "
                    "evaluated at the refined field; 1 is the paper's linear "
                    "step. Linear problems stop after the first.",
                    this->prm,
                    Integer(1));
      add_parameter("Drop tolerance",
                    drop_tolerance,
                    "Directions whose effect is, up to this fraction, a "
                    "combination of that of others are dropped.",
                    this->prm,
                    Double(0, 1));
      add_parameter("Oversampling",
                    basis.oversampling,
                    "rsvd: columns of the sketch beyond the directions.",
                    this->prm,
                    Integer(0));
      add_parameter("Precision",
                    precision,
                    "rsvd: arithmetic in which the subspace is built, float64 "
                    "or mixed (sketch and projection in float32); all else is "
                    "in float64.",
                    this->prm,
                    Selection("float64|mixed"));
      add_parameter("Residual subspace",
                    residual_subspace,
                    "rsvd: take singular directions of the residual's Jacobian "
                    "A J instead of the network's J.");
      add_parameter("Scale by inverse singular values",
                    basis.scale_by_inverse_singular_values,
                    "rsvd: divide each direction by its singular value.");
      add_parameter("Sample points",
                    basis.n_sample_points,
                    "rsvd: build the subspace from this many points only; 0 "
                    "stands for the directions plus 1000, which suffices. Must "
                    "not be used with Residual subspace, which takes all.",
                    this->prm,
                    Integer(0));
      add_parameter("Seed", basis.seed, "Seed of the random directions.");
    }

    /// The rank that is asked for, nothing for auto.
    std::optional<std::size_t>
    fixed_rank() const
    {
      if (rank == "auto")
        return std::nullopt;
      AssertThrow(dealii::Patterns::Integer(1).match(rank),
                  dealii::ExcMessage("LSR/Rank is '" + rank +
                                     "', expected auto or a positive number."));
      return std::stoul(rank);
    }

    /// The subspace of iteration number @p iteration.
    TangentBasisParameters
    basis_of(const unsigned int iteration) const
    {
      TangentBasisParameters result = basis;
      result.seed += iteration;
      result.precision =
        precision == "mixed" ? Precision::mixed : Precision::float64;
      return result;
    }

    /// The options of refine().
    RefinementParameters
    get() const
    {
      RefinementParameters result;
      result.rank               = fixed_rank();
      result.max_linearizations = max_linearizations;
      result.drop_tolerance     = drop_tolerance;
      return result;
    }

    TangentBasisParameters basis;
    std::string            precision            = "float64";
    std::string            rank                 = "auto";
    std::string            norm                 = "dual";
    double                 dirichlet_row_weight = 100.;
    double                 sobolev_weight       = 1.;
    unsigned int           max_linearizations   = 20;
    double                 drop_tolerance       = 1e-12;
    bool                   residual_subspace    = false;
  };



  /// How refinement and alignment are iterated.
  class IterationParameters : public dealii::ParameterAcceptor
  {
  public:
    IterationParameters()
      : dealii::ParameterAcceptor("Iterations")
    {
      using namespace dealii::Patterns;
      auto &alignment = parameters.alignment;
      add_parameter("Number",
                    parameters.max_iterations,
                    "Largest number of refinements. With 1 the network is "
                    "refined once and stays as it is; from then on it is "
                    "driven towards the refined field before each refinement.",
                    this->prm,
                    Integer(1));
      add_parameter("Target residual",
                    parameters.target_residual,
                    "Stop when the norm of the refined residual is below.",
                    this->prm,
                    Double(0));
      add_parameter("Target change",
                    parameters.target_change,
                    "Stop when the refined field changes by less than this "
                    "fraction from one iteration to the next.",
                    this->prm,
                    Double(0));
      add_parameter("Time budget",
                    max_seconds,
                    "No iteration begins after so many seconds; 0: no limit.",
                    this->prm,
                    Double(0));
      add_parameter("Alignment method",
                    method,
                    "How the network is driven towards the refined field: "
                    "levenberg-marquardt (in random tangent subspaces) or "
                    "lbfgs.",
                    this->prm,
                    Selection("levenberg-marquardt|lbfgs"));
      add_parameter("Alignment steps",
                    alignment.max_steps,
                    "Largest number of steps of one alignment.",
                    this->prm,
                    Integer(1));
      add_parameter("Alignment reduction",
                    alignment.reduction,
                    "An alignment ends when it has reduced its objective, the "
                    "distance to the refined field, by this factor.",
                    this->prm,
                    Double(0, 1));
      add_parameter("Alignment directions",
                    alignment.n_directions,
                    "levenberg-marquardt: directions of the subspace of one "
                    "step.",
                    this->prm,
                    Integer(1));
      add_parameter("Alignment points",
                    alignment.n_points,
                    "Points used at a time. 0: five times the directions, and "
                    "at least 1000, for levenberg-marquardt, which takes other "
                    "points in every step, and all for lbfgs.",
                    this->prm,
                    Integer(0));
      add_parameter("Pseudo-time step",
                    alignment.pseudo_time_step,
                    "With a positive number the alignment also keeps the "
                    "residual small, which it weights by this number; it then "
                    "takes all points at a time.",
                    this->prm,
                    Double(0));
      add_parameter("Seed",
                    alignment.seed,
                    "Seed of points and directions of the alignment.");
    }

    /// The options of IterativeLSR, except for the refinement itself.
    IterativeParameters
    get() const
    {
      IterativeParameters result = parameters;
      result.max_seconds         = max_seconds.value_or(result.max_seconds);
      result.alignment.method =
        method == "lbfgs" ? AlignmentParameters::Method::lbfgs :
                            AlignmentParameters::Method::levenberg_marquardt;
      return result;
    }

  private:
    IterativeParameters   parameters = one_iteration();
    std::optional<double> max_seconds;
    std::string           method = "levenberg-marquardt";

    static IterativeParameters
    one_iteration()
    {
      IterativeParameters result;
      result.max_iterations = 1;
      return result;
    }
  };



  /// The files that a run writes.
  class OutputParameters : public dealii::ParameterAcceptor
  {
  public:
    OutputParameters()
      : dealii::ParameterAcceptor("Output")
    {
      add_parameter("Folder",
                    folder,
                    "Folder for results, made if missing. Unlike the names of "
                    "input files it is relative to the working directory: "
                    "results appear where the program is started.");
      add_parameter("VTU",
                    vtu,
                    "Write solution.vtu for ParaView and VisIt; pictures need "
                    "it, too.");
      add_parameter("Pictures",
                    pictures,
                    "Draw PNG pictures of the results, with Python.");
      add_parameter("Refined network",
                    refined_network,
                    "Write refined.pt, the network and its correction.");
      add_parameter("Further refinements",
                    further_refinements,
                    "How often the mesh is refined beyond that on which the "
                    "network is refined, for comparison, VTU and pictures.",
                    this->prm,
                    dealii::Patterns::Integer(0, 20));
    }

    std::string  folder              = "results";
    bool         vtu                 = true;
    bool         pictures            = true;
    bool         refined_network     = true;
    unsigned int further_refinements = 0;
  };



  /// The network to be made, and how it is trained.
  class TrainingSection : public dealii::ParameterAcceptor
  {
  public:
    TrainingSection()
      : dealii::ParameterAcceptor("Training")
    {
      using namespace dealii::Patterns;
      add_parameter("Hidden layers",
                    layout.widths,
                    "Widths of the hidden layers.");
      add_parameter("Activation",
                    layout.activation,
                    "Activation of the hidden layers.",
                    this->prm,
                    Selection("tanh|sin|relu|gelu|silu|softplus|sigmoid"));
      add_parameter("Architecture",
                    layout.architecture,
                    "plain, or modified: hidden layers that two encoders of "
                    "the input gate (Wang, Teng and Perdikaris, 2021).",
                    this->prm,
                    Selection("plain|modified"));
      add_parameter("Features",
                    layout.features,
                    "What the first layer sees, if not the coordinates: "
                    "expressions, separated by commas, of x, y, z and t (the "
                    "last coordinate). Periodic: cos(pi*x), sin(pi*x), t; "
                    "waves, with Activation = sin: 30*x, 30*y. They are not "
                    "standardized.");
      add_parameter("Output",
                    layout.output,
                    "The field, if it is more than the value u of the last "
                    "layer: an expression of it and the coordinates, or one "
                    "for each of the values u1, u2, ...: x*(1-x)*u is zero at "
                    "both ends.");
      add_parameter("Initialization",
                    layout.initialization,
                    "Initial parameters: uniform, or glorot (normal weights, "
                    "no biases).",
                    this->prm,
                    Selection("uniform|glorot"));
      add_parameter("Standardize inputs",
                    standardize,
                    "Let the network see coordinates with mean zero and "
                    "standard deviation one.");
      add_parameter("Epochs",
                    training.epochs,
                    "Passes over the data with Adam.",
                    this->prm,
                    Integer(0));
      add_parameter("Batch size",
                    training.batch_size,
                    "Points in a mini-batch.",
                    this->prm,
                    Integer(1));
      add_parameter("Learning rate",
                    training.learning_rate,
                    "Learning rate of Adam at the start; it falls to a "
                    "hundredth.",
                    this->prm,
                    Double(0));
      add_parameter("L-BFGS iterations",
                    training.lbfgs_iterations,
                    "Iterations of L-BFGS after that.",
                    this->prm,
                    Integer(0));
      add_parameter("Target",
                    target,
                    "Stop at this relative l2 error over the data.",
                    this->prm,
                    Double(0));
      add_parameter("Seed", seed, "Seed of parameters and mini-batches.");
    }

    FullyConnected     layout;
    TrainingParameters training;
    bool               standardize = true;
    double             target      = 0;
    unsigned int       seed        = 0;
  };



  /// All of these sections.
  struct ProgramParameters
  {
    NetworkParameters   network;
    SubspaceParameters  refinement;
    IterationParameters iterations;
    OutputParameters    output;
    TrainingSection     training;
    InstancesParameters instances;
  };
} // namespace lsr

#endif
